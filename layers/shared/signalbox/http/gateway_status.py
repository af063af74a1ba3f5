"""What the gateway answers of itself: its status and its services."""

from datetime import datetime

from signalbox.http.schemas.gateway import (
    GatewayServices,
    GatewayStatusResponse,
    ServiceState,
    ServiceStatus,
    ServiceSummary,
)
from signalbox.models.gateway_metrics import instance_label
from signalbox.models.service import Service
from signalbox.services.gateway.instance_pool import InstancePool
from signalbox.services.gateway.live_instances import LiveInstances
from signalbox.services.gateway.routing import RoutingTable


def gateway_status(
    table: RoutingTable,
    instances: LiveInstances,
    pool: InstancePool,
    *,
    version: str,
    started_at: datetime,
) -> GatewayStatusResponse:
    """Return that the gateway runs, with the health of all services as this process sees it."""
    services = sorted(table.services.values(), key=lambda service: service.name)
    return GatewayStatusResponse(
        version=version,
        started=started_at,
        services=tuple(_service_status(service, instances, pool) for service in services),
    )


def gateway_services(table: RoutingTable, instances: LiveInstances) -> GatewayServices:
    """Return the enabled services."""
    services = table.services.values()
    return GatewayServices(items=tuple(_summary(service, instances) for service in services))


def _service_status(
    service: Service, instances: LiveInstances, pool: InstancePool
) -> ServiceStatus:
    count, unavailable, now = 0, list[str](), pool.clock()
    for version in service.all_versions:
        balanced = instances(service, version)
        records = pool.health.get(balanced.name).by_id if balanced.instances else {}
        count += len(balanced.instances)
        for instance in balanced.ids:
            ejected = instance in records and not records[instance].is_available(now)
            if ejected or pool.circuits.wait(balanced.name, instance):
                unavailable.append(instance_label(version, instance))
    state = ServiceState.DEGRADED if unavailable else ServiceState.UP
    return ServiceStatus(
        name=service.name,
        health=ServiceState.DOWN if len(unavailable) == count else state,
        instances=count,
        unavailable=tuple(unavailable),
    )


def _summary(service: Service, instances: LiveInstances) -> ServiceSummary:
    return ServiceSummary(
        name=service.name,
        access=service.access,
        balancing=service.balancing,
        instances=len(instances(service, None).instances),
        versions={name: len(instances(service, name).instances) for name in service.versions},
    )
