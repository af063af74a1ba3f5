"""Response bodies of the gateway's own paths."""

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


class GatewayStatusResponse(Model):
    """That the gateway runs, since when this process does, and the services it knows."""

    status: str = "running"
    version: str
    started: UtcDatetime
    services: tuple[str, ...]
