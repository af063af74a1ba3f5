"""Who calls, and what they may do."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.base import Model, Name, UtcDatetime
from signalbox.models.errors import Forbidden
from signalbox.models.ids import KeyId


class Scope(StrEnum):
    """One permission."""

    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    TASKS_WORK = "tasks:work"
    QUEUE_READ = "queue:read"
    QUEUE_WRITE = "queue:write"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_WRITE = "deliveries:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    CONFIG_READ = "config:read"
    CONFIG_WRITE = "config:write"
    METRICS_READ = "metrics:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    AUDIT_READ = "audit:read"


_READS = frozenset(
    {
        Scope.TASKS_READ,
        Scope.QUEUE_READ,
        Scope.DELIVERIES_READ,
        Scope.NOTIFICATIONS_READ,
        Scope.METRICS_READ,
    }
)

BUILT_IN_ROLES: Final[Mapping[str, frozenset[Scope]]] = {
    "viewer": _READS,
    "worker": frozenset({Scope.TASKS_READ, Scope.TASKS_WORK, Scope.QUEUE_READ}),
    "operator": _READS
    | {
        Scope.TASKS_WRITE,
        Scope.QUEUE_WRITE,
        Scope.DELIVERIES_WRITE,
        Scope.NOTIFICATIONS_WRITE,
        Scope.CONFIG_READ,
    },
    "admin": frozenset(Scope),
}
"""The roles that are always there."""


class Role(Model):
    """A set of scopes that operators have named; the names of ROLES are taken."""

    name: Name
    description: str = Field(default="", max_length=200)
    scopes: Annotated[tuple[Scope, ...], Field(max_length=100)] = ()


class Principal(Model):
    """Somebody we know. `name` is `key:<id>` or `jwt:<issuer>/<subject>`."""

    name: str
    scopes: frozenset[Scope]
    roles: tuple[str, ...] = ()

    def require(self, scope: Scope) -> None:
        """Check whether it is valid.

        Raises:
            Forbidden: If the principal may not.
        """
        if scope not in self.scopes:
            raise Forbidden(f"this needs the scope {scope}")


class ApiKey(Model):
    """What is stored of an API key: never the key itself, only its SHA-256 in hex.

    `fingerprint` is that of the request that made it, where that had an Idempotency-Key.
    """

    id: KeyId
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    name: Name
    roles: tuple[Name, ...] = ()
    scopes: tuple[Scope, ...] = ()
    created_at: UtcDatetime
    created_by: str
    expires_at: UtcDatetime | None = None
    revoked_at: UtcDatetime | None = None
    fingerprint: str | None = None

    def granted(
        self, role_scopes: Mapping[str, frozenset[Scope]] = BUILT_IN_ROLES
    ) -> frozenset[Scope]:
        """Return every scope the key has, by itself or by its roles, which are worth so much."""
        by_role = (role_scopes.get(role, frozenset()) for role in self.roles)
        return frozenset(self.scopes).union(*by_role)
