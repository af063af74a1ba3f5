"""Services behind the gateway, as operators configure them."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints
from typing_extensions import override

from signalbox.models.base import Model, Name
from signalbox.models.config_resource import (
    AUTHORITIES,
    CERTIFICATE,
    SERVICE_SECRETS,
    ConfigResource,
    secret_path,
)
from signalbox.models.health_check import HealthCheck, OutlierDetection
from signalbox.models.middleware import MiddlewareSpec
from signalbox.models.principal import Scope
from signalbox.models.service_discovery import ServiceDiscovery
from signalbox.models.service_tls import ServiceTls, UpstreamTls
from signalbox.models.upstream import MAX_INSTANCES, BalancingPolicy, Instance

RESERVED_SERVICES: Final = frozenset({"v1", "gateway"})
"""Names below `/api/` that are no services: the API of Signalbox, and the gateway's own paths."""

MAX_LAMBDA_BYTES: Final = 4_400_000
"""The largest body in bytes on Lambda, which takes and returns 6 MB, as base64."""

MAX_STREAMED_BYTES: Final = 10_000_000_000
"""The largest body in bytes of a request to the gateway as a server."""

MAX_MIDDLEWARES: Final = 20

VersionName = Annotated[str, StringConstraints(pattern=r"^v[0-9]{1,4}(\.[0-9]{1,4}){0,2}$")]
"""A version of a service, such as v2 or v2.1."""

Instances = Annotated[tuple[Instance, ...], Field(max_length=MAX_INSTANCES)]

HashKey = Annotated[
    str, StringConstraints(pattern=r"^(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$")
]
"""What requests of one client have in common, such as `header:x-user` or `cookie:session`."""


class HostMode(StrEnum):
    """Which `Host` a service gets."""

    REWRITE = "rewrite"
    """That of the instance."""

    KEEP = "keep"
    """That of the client."""


class ServiceTimeouts(Model):
    """Times in seconds: to connect, of one attempt, and in total, with every retry.

    Without a time for one attempt the first may take all of it.
    """

    connect: Annotated[float, Field(ge=0.1, le=10)] = 2.0
    attempt: Annotated[float, Field(ge=0.1, le=28)] | None = None
    total: Annotated[float, Field(ge=0.5, le=28)] = 10.0


class ServiceAccess(Model):
    """Who may call a service.

    Anybody if it is `public`; else callers with the `scope` and, if there are `roles`, with one of
    them.
    """

    public: bool = False
    scope: Scope = Scope.SERVICES_CALL
    roles: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class Service(ConfigResource):
    """A service and its instances, at `/api/<name>/`.

    Requests that name none of the `versions` are for the `instances`. A request is repeated up to
    `retries` times, at another instance, if that is safe. Each instance gets its own `Host`,
    unless the `host` is kept. With `self_registration` instances may register themselves, and with
    `discovery` they are looked up; one that is new or available again gets its full share of
    requests after `slow_start_seconds`. With `identity` a service that is not public gets that of
    the caller, signed. Requests pass the `middlewares` in order.
    """

    kind: ClassVar = "service"

    name: Name
    enabled: bool = True
    instances: Instances = ()
    versions: dict[VersionName, Instances] = Field(default_factory=dict, max_length=20)
    balancing: BalancingPolicy = BalancingPolicy.ROUND_ROBIN
    hash_key: HashKey | None = None
    timeouts: ServiceTimeouts = ServiceTimeouts.model_construct()
    retries: Annotated[int, Field(ge=0, le=3)] = 1
    outliers: OutlierDetection = OutlierDetection.model_construct()
    health_check: HealthCheck | None = None
    self_registration: bool = False
    discovery: ServiceDiscovery | None = None
    slow_start_seconds: Annotated[int, Field(ge=0, le=900)] = 30
    access: ServiceAccess = ServiceAccess.model_construct()
    identity: bool = True
    host: HostMode = HostMode.REWRITE
    middlewares: Annotated[tuple[MiddlewareSpec, ...], Field(max_length=MAX_MIDDLEWARES)] = ()
    tls: ServiceTls = ServiceTls.model_construct()
    max_body_bytes: Annotated[int, Field(ge=0, le=MAX_STREAMED_BYTES)] = 1_000_000

    @property
    @override
    def key(self) -> str:
        return self.name

    @property
    def upstream_tls(self) -> UpstreamTls:
        """Return how instances are called, with the names of secrets."""
        path = (SERVICE_SECRETS, self.name)
        return UpstreamTls(
            ca=secret_path(*path, AUTHORITIES) if self.tls.ca else None,
            certificate=secret_path(*path, CERTIFICATE) if self.tls.client_certificate else None,
            server_name=self.tls.server_name,
        )

    @property
    @override
    def secret_names(self) -> tuple[str, ...]:
        tls = self.upstream_tls
        return tuple(filter(None, (tls.ca, tls.certificate)))

    @property
    def is_dynamic(self) -> bool:
        """Return whether it may have instances that are not configured."""
        return self.self_registration or self.discovery is not None

    @property
    def all_versions(self) -> tuple[str | None, ...]:
        """Return its versions, None for the instances of requests that name none."""
        return (None, *self.versions)

    def instances_of(self, version: str | None) -> tuple[Instance, ...]:
        """Return the instances of a version, or those of requests that name none."""
        return self.instances if version is None else self.versions.get(version, ())
