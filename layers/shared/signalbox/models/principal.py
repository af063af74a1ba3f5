"""Principals, their scopes and their roles."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field
from typing_extensions import override

from signalbox.models.base import Model, Name, UtcDatetime
from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import Forbidden
from signalbox.models.ids import KeyId


class Scope(StrEnum):
    """A permission."""

    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    TASKS_APPROVE = "tasks:approve"
    TASKS_WORK = "tasks:work"
    QUEUE_READ = "queue:read"
    QUEUE_WRITE = "queue:write"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_BODY = "deliveries:body"
    DELIVERIES_WRITE = "deliveries:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    CONFIG_READ = "config:read"
    CONFIG_WRITE = "config:write"
    METRICS_READ = "metrics:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    AUDIT_READ = "audit:read"
    SERVICES_CALL = "services:call"
    SERVICES_REGISTER = "services:register"


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
        Scope.TASKS_APPROVE,
        Scope.QUEUE_WRITE,
        Scope.DELIVERIES_BODY,
        Scope.DELIVERIES_WRITE,
        Scope.NOTIFICATIONS_WRITE,
        Scope.CONFIG_READ,
    },
    "admin": frozenset(Scope),
}
"""The roles that always exist."""


class Role(ConfigResource):
    """A set of scopes with a name; names of built-in roles are taken."""

    kind: ClassVar = "role"

    name: Name
    description: str = Field(default="", max_length=200)
    scopes: Annotated[tuple[Scope, ...], Field(max_length=100)] = ()

    @property
    @override
    def key(self) -> str:
        return self.name


TOKEN_PRINCIPAL: Final = "jwt:"  # noqa: S105  a prefix of names
"""What the name of the principal of a token begins with."""


class Principal(Model):
    """An authenticated caller. `name` is `key:<id>` or `jwt:<issuer>/<subject>`.

    Its credentials end at `expires_at`, if they end by themselves. `session` is the hash of the
    session by which it called, None if it called by its credentials.
    """

    name: str
    scopes: frozenset[Scope]
    roles: tuple[str, ...] = ()
    expires_at: UtcDatetime | None = None
    session: str | None = None

    def require(self, scope: Scope) -> None:
        """Check that the principal has this scope.

        Raises:
            Forbidden: It does not.
        """
        if scope not in self.scopes:
            raise Forbidden(f"this needs the scope {scope}")


ANONYMOUS: Final = Principal.model_construct(name="anonymous", scopes=frozenset())
"""A caller without credentials."""


class ApiKey(Model):
    """What is stored of an API key: never the key itself, only its SHA-256 in hex.

    `fingerprint` is that of the request with an Idempotency-Key that created it.
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
        """Return every scope of the key, its own and those of its roles."""
        by_role = (role_scopes.get(role, frozenset()) for role in self.roles)
        return frozenset(self.scopes).union(*by_role)
