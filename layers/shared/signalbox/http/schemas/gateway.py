"""Response bodies of the gateway's own paths."""

from enum import StrEnum

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.service import ServiceAccess
from signalbox.models.upstream import BalancingPolicy


class ServiceSummary(Model):
    """A service that the gateway forwards to; instances are counted for each version."""

    name: str
    access: ServiceAccess
    balancing: BalancingPolicy
    instances: int
    versions: dict[str, int]


class GatewayServices(Model):
    """Every enabled service."""

    items: tuple[ServiceSummary, ...]


class ServiceState(StrEnum):
    """Whether all instances of a service are available, some of them, or none."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class ServiceStatus(Model):
    """The health of a service.

    `unavailable` are instances that are unhealthy, ejected, or blocked by their circuit in this
    process; those of a version are `v2/<id>`.
    """

    name: str
    health: ServiceState
    instances: int
    unavailable: tuple[str, ...]


class GatewayStatusResponse(Model):
    """That the gateway runs, since when this process does, and the health of all services."""

    status: str = "running"
    version: str
    started: UtcDatetime
    services: tuple[ServiceStatus, ...]
