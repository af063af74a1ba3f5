"""The response body of sessions."""

from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.principal import Scope

SESSIONS: Final = "/api/v1/sessions"
CURRENT_SESSION: Final = f"{SESSIONS}/current"


class SessionView(Model):
    """Who has logged in, what they may do now, and until when."""

    principal: str
    name: str
    scopes: tuple[Scope, ...]
    expires_at: UtcDatetime
