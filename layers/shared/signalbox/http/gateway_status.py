"""What the gateway answers of itself: its status and its services."""

from collections.abc import Callable, Iterator
from datetime import datetime

from signalbox.http.schemas.gateway import (
    GatewayServices,
    GatewayStatusResponse,
    ServiceState,
    ServiceStatus,
    ServiceSummary,
)
from signalbox.models.instance_health import ServiceHealth
from signalbox.models.service import Service
from signalbox.services.gateway.forward import balanced_name
from signalbox.services.gateway.routing import RoutingTable

GetHealth = Callable[[str], ServiceHealth]
"""Return the health of a service, or of a version of it, by its name among balanced ones."""


def gateway_status(
    table: RoutingTable, health: GetHealth, *, version: str, started_at: datetime, now: datetime
) -> GatewayStatusResponse:
    """Return that the gateway runs, with the health of all services."""
    services = sorted(table.services.values(), key=lambda service: service.name)
    return GatewayStatusResponse(
        version=version,
        started=started_at,
        services=tuple(_service_status(service, health, now) for service in services),
    )


def gateway_services(table: RoutingTable) -> GatewayServices:
    """Return the enabled services."""
    return GatewayServices(items=tuple(map(_summary, table.services.values())))


def _service_status(service: Service, health: GetHealth, now: datetime) -> ServiceStatus:
    unavailable = tuple(_unavailable(service, health, now))
    count = len(service.instances) + sum(map(len, service.versions.values()))
    state = ServiceState.DEGRADED if unavailable else ServiceState.UP
    return ServiceStatus(
        name=service.name,
        health=ServiceState.DOWN if len(unavailable) == count else state,
        instances=count,
        unavailable=unavailable,
    )


def _unavailable(service: Service, health: GetHealth, now: datetime) -> Iterator[str]:
    for version in (None, *service.versions):
        instances = service.instances_of(version)
        records = health(balanced_name(service, version)).by_id if instances else {}
        for instance in instances:
            record = records.get(instance.id)
            if record and not record.is_available(now):
                yield "/".join(filter(None, (version, instance.id)))


def _summary(service: Service) -> ServiceSummary:
    return ServiceSummary(
        name=service.name,
        access=service.access,
        balancing=service.balancing,
        instances=len(service.instances),
        versions={name: len(instances) for name, instances in service.versions.items()},
    )
