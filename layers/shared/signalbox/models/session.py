"""Sessions of the dashboard."""

from datetime import timedelta
from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.principal import Principal

SESSION_LIFETIME: Final = timedelta(hours=8)
"""How long a session lasts at most; no request makes it longer."""


class Session(Model):
    """Who has logged in: `name` is for people. The credentials themselves are not stored."""

    principal: Principal
    name: str
    created_at: UtcDatetime
    expires_at: UtcDatetime
