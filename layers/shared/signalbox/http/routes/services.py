"""Services behind the gateway, and the routes to them: configure them."""

from signalbox.http.crud import Crud, add_crud
from signalbox.http.routing import Routes
from signalbox.http.schemas.services import SERVICE_ROUTES, SERVICES, RouteList, ServiceList
from signalbox.models.principal import Scope
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute
from signalbox.services.config.configure import Configure

_TAG = "gateway"


def add_services(routes: Routes, *, configure: Configure) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Service,
            path=f"{SERVICES}/<name>",
            list_model=ServiceList,
            tag=_TAG,
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: ServiceList(items=tuple(configure.all(Service))),
            get=lambda key: configure.get(Service, key),
            put=lambda service, _context, check: configure.put(service, check),
            remove=configure.remove,
            summaries={"delete": "Delete a service to which no route leads"},
        ),
    )
    add_crud(
        routes,
        Crud(
            kind=ServiceRoute,
            path=f"{SERVICE_ROUTES}/<route_id>",
            list_model=RouteList,
            tag=_TAG,
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: RouteList(items=tuple(configure.all(ServiceRoute))),
            get=lambda key: configure.get(ServiceRoute, key),
            put=lambda route, _context, check: configure.put(route, check),
            remove=configure.remove,
        ),
    )
