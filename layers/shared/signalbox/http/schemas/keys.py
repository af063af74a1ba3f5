"""Request and response bodies of keys."""

from enum import StrEnum

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import KeyId
from signalbox.models.principal import Scope

KEYS = "/api/v1/keys"


class KeyStatus(StrEnum):
    """Whether a key opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyView(Model):
    """A key without what it is."""

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
    """A new key: `key` is what it is, told this once."""

    key: str


class KeyList(Model):
    """Every key, newest first."""

    items: tuple[KeyView, ...]
