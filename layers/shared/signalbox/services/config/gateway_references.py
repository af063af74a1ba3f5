"""Check a service or a route against the rest of the configuration before it is written."""

from signalbox.models.errors import Conflict
from signalbox.models.event_vocabulary import suggest
from signalbox.models.principal import BUILT_IN_ROLES, Role
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute, routes_conflict
from signalbox.services.config.gateway_rules import conflict_reason, reference_violations
from signalbox.services.ports.config import ConfigWriter


def require_valid(resource: Service | ServiceRoute, config: ConfigWriter) -> None:
    """Check that a service or a route fits the rest of the configuration.

    Raises:
        Conflict: It does not.
    """
    if isinstance(resource, Service):
        _require_valid_service(resource, config)
    else:
        _require_valid_route(resource, config)


def _require_valid_service(service: Service, config: ConfigWriter) -> None:
    """Check the roles of a service, and the routes to its versions.

    Raises:
        Conflict: A role does not exist, or a route is to a version that would be gone.
    """
    roles = {*BUILT_IN_ROLES, *(role.name for role in config.all(Role))}
    for role in service.access.roles:
        if role not in roles:
            raise Conflict(f"there is no role {role}; {suggest(role, roles)}")
    for route in config.all(ServiceRoute):
        for violation in reference_violations(route, [service]):
            if route.service == service.name:
                raise Conflict(f"route {route.id}: {violation.reason}")


def require_unused_service(service: Service, config: ConfigWriter) -> None:
    """Check that no route is to this service.

    Raises:
        Conflict: There is one.
    """
    users = [route.id for route in config.all(ServiceRoute) if route.service == service.name]
    if users:
        raise Conflict(f"routes refer to it: {', '.join(sorted(users))}")


def _require_valid_route(route: ServiceRoute, config: ConfigWriter) -> None:
    """Check that the service of a route exists, and that no other route matches the same requests.

    Raises:
        Conflict: There is no such service or version, or a route conflicts with this one.
    """
    for violation in reference_violations(route, config.all(Service)):
        raise Conflict(violation.reason)
    for other in config.all(ServiceRoute):
        if other.id != route.id and routes_conflict(route, other):
            raise Conflict(conflict_reason(route, other))
