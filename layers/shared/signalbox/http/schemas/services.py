"""Request and response bodies of services and routes."""

from signalbox.models.base import Model
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute

SERVICES = "/api/v1/services"
SERVICE_ROUTES = "/api/v1/routes"


class ServiceList(Model):
    """Every service behind the gateway."""

    items: tuple[Service, ...]


class RouteList(Model):
    """Every route to a service."""

    items: tuple[ServiceRoute, ...]
