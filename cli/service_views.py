"""Services and routes as text."""

from collections.abc import Iterator

from signalbox.models.service import Service, ServiceAccess
from signalbox.models.service_route import ServiceRoute


def access_text(access: ServiceAccess) -> str:
    """Return who may call a service."""
    return "public" if access.public else " ".join((access.scope, *access.roles))


def instances_text(service: Service) -> str:
    """Return the URLs of all instances, those of a version after its name."""
    return " ".join(_instances(service))


def conditions_text(route: ServiceRoute) -> str:
    """Return what a request must have beside the path."""
    headers = (f"{name}={text}" for name, text in route.headers.items())
    return " ".join((*route.methods, *filter(None, (route.host,)), *headers))


def _instances(service: Service) -> Iterator[str]:
    yield from (instance.url for instance in service.instances)
    for name, instances in service.versions.items():
        yield f"{name}:"
        yield from (instance.url for instance in instances)
