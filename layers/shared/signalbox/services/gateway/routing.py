"""Find the service of a request: by the routes, or by its name in the path."""

from collections.abc import Iterable, Mapping
from typing import Final

from signalbox.models.errors import NotFound
from signalbox.models.service import RESERVED_SERVICES, Service
from signalbox.models.service_route import ServiceRoute, is_parameter
from signalbox.services.gateway.paths import RequestPath, join_segments
from signalbox.services.gateway.request import Destination, GatewayRequest

_API: Final = "api"
_ACCEPT_VERSION: Final = "accept-version"


class RoutingTable:
    """Services and routes, prepared for requests. It never changes."""

    def __init__(
        self, services: Iterable[Service] = (), routes: Iterable[ServiceRoute] = ()
    ) -> None:
        self.services: Mapping[str, Service] = {
            service.name: service for service in services if service.enabled
        }
        found = (r for r in routes if r.enabled and r.service in self.services)
        self._routes = sorted(found, key=lambda route: route.specificity, reverse=True)

    def find(self, request: GatewayRequest) -> Destination:
        """Return the destination of a request.

        Raises:
            NotFound: No route matches and there is no service of this name, or not this version.
        """
        for route in self._routes:
            parameters = _matched(route, request)
            if parameters is not None:
                return self._by_route(route, parameters, request)
        return self._by_name(request)

    def _by_route(
        self, route: ServiceRoute, parameters: Mapping[str, str], request: GatewayRequest
    ) -> Destination:
        service, path = self.services[route.service], request.path
        version = route.version or _requested_version(service, request)
        external, rest = _split(path, len(route.segments))
        internal = external if route.rewrite is None else _filled(route.rewrite, parameters)
        return _destination(service, version, external, internal, rest)

    def _by_name(self, request: GatewayRequest) -> Destination:
        plain = request.path.plain
        name = plain[1] if len(plain) > 1 and plain[0] == _API else ""
        service = self.services.get(name)
        if service is None or name in RESERVED_SERVICES:
            raise NotFound("there is nothing at this path")
        if len(plain) > 2 and plain[2] in service.versions:  # noqa: PLR2004  after the name
            external, rest = _split(request.path, 3)
            return _destination(service, plain[2], external, f"/{_API}", rest)
        external, rest = _split(request.path, 2)
        version = _requested_version(service, request)
        return _destination(service, version, external, f"/{_API}", rest)


def _matched(route: ServiceRoute, request: GatewayRequest) -> Mapping[str, str] | None:
    """Return what the parameters of a route matched, None if the route does not match."""
    path, segments = request.path, route.segments
    if len(path.segments) < len(segments):
        return None
    if route.methods and request.method not in route.methods:
        return None
    if route.host and not _is_host(route.host, request.host):
        return None
    if any(request.values(name) != (text,) for name, text in route.headers.items()):
        return None
    parameters: dict[str, str] = {}
    for segment, raw, plain in zip(segments, path.segments, path.plain, strict=False):
        if is_parameter(segment) and plain:
            parameters[segment] = raw
        elif segment != plain:
            return None
    return parameters


def _is_host(pattern: str, host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = name.lower()
    return name.endswith(pattern[1:]) if pattern.startswith("*") else name == pattern


def _requested_version(service: Service, request: GatewayRequest) -> str | None:
    """Return the version that a header asks for, None if no header does.

    A service without versions gets the header and decides by itself.

    Raises:
        NotFound: The service does not have it.
    """
    texts = request.values(_ACCEPT_VERSION)
    if not texts or not service.versions:
        return None
    for name in (texts[0].strip(), f"v{texts[0].strip()}"):
        if len(texts) == 1 and name in service.versions:
            return name
    raise NotFound(f"the service {service.name} has no such version")


def _split(path: RequestPath, count: int) -> tuple[str, str]:
    """Return the first segments as a path, and what follows them."""
    rest = path.segments[count:]
    return join_segments(path.segments[:count]), join_segments(rest) if rest else ""


def _filled(rewrite: str, parameters: Mapping[str, str]) -> str:
    segments = rewrite[1:].split("/")
    return join_segments(tuple(parameters.get(part, part) for part in segments)).rstrip("/")


def _destination(
    service: Service, version: str | None, external: str, internal: str, rest: str
) -> Destination:
    if version is None and not service.instances and not service.is_dynamic:
        raise NotFound(f"the service {service.name} needs a version")
    return Destination(
        service=service,
        version=version,
        path=internal + rest or "/",
        external=external,
        internal=internal,
    )
