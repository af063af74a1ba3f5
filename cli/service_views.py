"""Services and routes as text."""

from collections.abc import Iterable, Iterator

from cli.output import format_time
from signalbox.http.schemas.instances import RegisterInstanceResponse
from signalbox.models.instance_status import InstanceEvent, InstanceSource, InstanceStatus
from signalbox.models.service import Service, ServiceAccess
from signalbox.models.service_route import ServiceRoute


def access_text(access: ServiceAccess) -> str:
    """Return who may call a service."""
    return "public" if access.public else " ".join((access.scope, *access.roles))


def instances_text(service: Service) -> str:
    """Return the URLs of all instances, those of a version after its name, and the discovery."""
    return " ".join(_instances(service))


def conditions_text(route: ServiceRoute) -> str:
    """Return what a request must have beside the path."""
    headers = (f"{name}={text}" for name, text in route.headers.items())
    return " ".join((*route.methods, *filter(None, (route.host,)), *headers))


def registration_text(instance: InstanceStatus) -> str:
    """Return until when an instance is registered, or that it was discovered; else nothing."""
    if instance.source is InstanceSource.DISCOVERED:
        return instance.source
    return f"until {format_time(instance.expires_at)}" if instance.expires_at else ""


def registration_fields(made: RegisterInstanceResponse) -> dict[str, str]:
    """Return the fields of a registration."""
    return {
        "id": made.id,
        "version": made.version or "",
        "url": made.url,
        "weight": str(made.weight),
        "zone": made.zone or "",
        "registered": format_time(made.registered_at),
        "expires": format_time(made.expires_at),
    }


def history_lines(history: Iterable[InstanceEvent]) -> Iterator[str]:
    """Yield what changed, a line for each."""
    for change in history:
        name = "/".join(filter(None, (change.version, change.instance)))
        reason = f": {change.reason}" if change.reason else ""
        yield f"{format_time(change.at)} {name} {change.event}{reason}"


def _instances(service: Service) -> Iterator[str]:
    yield from (instance.url for instance in service.instances)
    for name, instances in service.versions.items():
        yield f"{name}:"
        yield from (instance.url for instance in instances)
    if service.discovery:
        yield service.discovery.text
