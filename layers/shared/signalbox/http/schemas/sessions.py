"""The response bodies of sessions."""

from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.principal import Scope

SESSIONS: Final = "/api/v1/sessions"
CURRENT_SESSION: Final = f"{SESSIONS}/current"


MAX_SESSIONS_LISTED: Final = 1_000


class SessionView(Model):
    """Who has logged in, what they may do now, and until when."""

    principal: str
    name: str
    scopes: tuple[Scope, ...]
    expires_at: UtcDatetime


class SessionSummary(Model):
    """Who has logged in, and when. `name` is that of the key at that time."""

    principal: str
    name: str
    created_at: UtcDatetime
    expires_at: UtcDatetime


class SessionList(Model):
    """The newest sessions, a thousand at most, and how many there are."""

    items: tuple[SessionSummary, ...]
    total: int


class EndSessionsResponse(Model):
    """How many sessions have ended."""

    ended: int
