"""What the gateway answers of itself: its status and its services."""

from collections.abc import Iterator
from datetime import datetime

from signalbox.http.schemas.gateway import (
    GatewayServices,
    GatewayStatusResponse,
    ServiceState,
    ServiceStatus,
    ServiceSummary,
)
from signalbox.models.service import Service
from signalbox.services.gateway.forward import balanced_name
from signalbox.services.gateway.instance_pool import InstancePool
from signalbox.services.gateway.routing import RoutingTable


def gateway_status(
    table: RoutingTable, pool: InstancePool, *, version: str, started_at: datetime
) -> GatewayStatusResponse:
    """Return that the gateway runs, with the health of all services as this process sees it."""
    services = sorted(table.services.values(), key=lambda service: service.name)
    return GatewayStatusResponse(
        version=version,
        started=started_at,
        services=tuple(_service_status(service, pool) for service in services),
    )


def gateway_services(table: RoutingTable) -> GatewayServices:
    """Return the enabled services."""
    return GatewayServices(items=tuple(map(_summary, table.services.values())))


def _service_status(service: Service, pool: InstancePool) -> ServiceStatus:
    unavailable = tuple(_unavailable(service, pool))
    count = len(service.instances) + sum(map(len, service.versions.values()))
    state = ServiceState.DEGRADED if unavailable else ServiceState.UP
    return ServiceStatus(
        name=service.name,
        health=ServiceState.DOWN if len(unavailable) == count else state,
        instances=count,
        unavailable=unavailable,
    )


def _unavailable(service: Service, pool: InstancePool) -> Iterator[str]:
    for version in (None, *service.versions):
        name, instances = balanced_name(service, version), service.instances_of(version)
        records = pool.health.get(name).by_id if instances else {}
        for instance in instances:
            record = records.get(instance.id)
            ejected = record is not None and not record.is_available(pool.clock())
            if ejected or pool.circuits.wait(name, instance.id):
                yield "/".join(filter(None, (version, instance.id)))


def _summary(service: Service) -> ServiceSummary:
    return ServiceSummary(
        name=service.name,
        access=service.access,
        balancing=service.balancing,
        instances=len(service.instances),
        versions={name: len(instances) for name, instances in service.versions.items()},
    )
