"""Request and response bodies of keys."""

from enum import StrEnum

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import KeyId
from signalbox.models.principal import Scope

KEYS = "/api/v1/keys"


class KeyStatus(StrEnum):
    """Whether a key is valid."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyView(Model):
    """An API key, without the key itself."""

    id: KeyId
    name: str
    status: KeyStatus
    roles: tuple[str, ...]
    scopes: tuple[Scope, ...]
    created_at: UtcDatetime
    created_by: str
    expires_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None


class CreateKeyResponse(KeyView):
    """A new API key; `key` is the key itself, shown only once."""

    key: str


class KeyList(Model):
    """Every API key, newest first."""

    items: tuple[KeyView, ...]
