"""The rules of services and their routes: names, URLs, references, and routes that conflict."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

from signalbox.models.config_resource import ConfigResource
from signalbox.models.event_vocabulary import suggest
from signalbox.models.instance_url import instance_url_fault, is_https
from signalbox.models.manifest import Manifest, ManifestError
from signalbox.models.service import RESERVED_SERVICES, Service
from signalbox.models.service_discovery import DnsRecordType, ServiceDiscovery
from signalbox.models.service_route import ServiceRoute, is_parameter, routes_conflict
from signalbox.models.service_tls import ServiceTls
from signalbox.models.upstream import BalancingPolicy, Instance

_API: Final = "api"


def service_violations(service: Service) -> Iterator[ManifestError]:
    """Yield what is wrong with a service, with the path within it."""
    if service.name in RESERVED_SERVICES:
        yield ManifestError(path="name", reason=f"the name {service.name} is reserved")
    groups = {"instances": service.instances}
    groups |= {f"versions.{name}": found for name, found in service.versions.items()}
    if not any(groups.values()) and not service.is_dynamic:
        reason = "is empty, so that nothing could answer; or set self_registration or discovery"
        yield ManifestError(path="instances", reason=reason)
    for group, instances in groups.items():
        yield from _in_instances(group, instances)
    yield from _discovery_violations(service.discovery)
    yield from _tls_violations(service)
    hashed = service.balancing is BalancingPolicy.CONSISTENT_HASH
    if hashed and service.hash_key is None:
        reason = "consistent_hash needs it, such as header:x-user or cookie:session"
        yield ManifestError(path="hash_key", reason=reason)
    if service.hash_key and not hashed:
        yield ManifestError(path="hash_key", reason="has an effect only for consistent_hash")


def _discovery_violations(discovery: ServiceDiscovery | None) -> Iterator[ManifestError]:
    if discovery is None:
        return
    if (discovery.cloud_map is None) is (discovery.dns is None):
        yield ManifestError(path="discovery", reason="expects cloud_map or dns, one of the two")
    dns = discovery.dns
    if dns and dns.type is DnsRecordType.SRV and dns.port:
        reason = "has no effect: SRV records have the port of each instance"
        yield ManifestError(path="discovery.dns.port", reason=reason)


def _tls_violations(service: Service) -> Iterator[ManifestError]:
    if service.tls == ServiceTls():
        return
    groups = (service.instances, *service.versions.values())
    plain = [each.id for group in groups for each in group if not is_https(each.url)]
    if service.discovery and service.discovery.is_plain:
        plain.append("discovery")
    if plain:
        reason = f"needs https, which these do not have: {', '.join(plain)}"
        yield ManifestError(path="tls", reason=reason)


def route_violations(route: ServiceRoute) -> Iterator[ManifestError]:
    """Yield what is wrong with a route, with the path within it."""
    segments = route.segments
    if segments[0] != _API or len(segments) == 1 or is_parameter(segments[1]):
        yield ManifestError(path="path", reason="begins with /api/ and a name, as in /api/shop")
    elif segments[1] in RESERVED_SERVICES:
        yield ManifestError(path="path", reason=f"/api/{segments[1]} is reserved")
    if "." in segments or ".." in segments:
        yield ManifestError(path="path", reason="has a segment . or .., which no request has")
    parameters = [segment for segment in segments if is_parameter(segment)]
    for name in sorted({name for name in parameters if parameters.count(name) > 1}):
        yield ManifestError(path="path", reason=f"has the parameter {name} twice")
    rewrite = (route.rewrite or "/")[1:].split("/")
    if "." in rewrite or ".." in rewrite:
        yield ManifestError(path="rewrite", reason="has a segment . or ..")
    for name in rewrite:
        if is_parameter(name) and name not in parameters:
            yield ManifestError(path="rewrite", reason=f"the path has no parameter {name}")


def reference_violations(
    route: ServiceRoute, services: Iterable[Service]
) -> Iterator[ManifestError]:
    """Yield where a route names a service or a version that does not exist."""
    known = {service.name: service for service in services}
    service = known.get(route.service)
    if service is None:
        reason = f"there is no service {route.service}; {suggest(route.service, known)}"
        yield ManifestError(path="service", reason=reason)
    elif route.version is not None and route.version not in service.versions:
        hint = suggest(route.version, service.versions)
        reason = f"the service {service.name} has no version {route.version}; {hint}"
        yield ManifestError(path="version", reason=reason)


def gateway_errors(manifest: Manifest, stays: Sequence[ConfigResource]) -> Iterator[ManifestError]:
    """Yield what is wrong with the services and routes of a manifest.

    `stays` are stored resources; those that the manifest replaces do not count.
    """
    services = {r.key: r for r in (*stays, *manifest.services) if isinstance(r, Service)}
    routes = {r.key: r for r in (*stays, *manifest.routes) if isinstance(r, ServiceRoute)}
    for index, service in enumerate(manifest.services):
        yield from _within(f"services[{index}]", service_violations(service))
    for index, route in enumerate(manifest.routes):
        yield from _within(f"routes[{index}]", route_violations(route))
    positions = {route.id: index for index, route in enumerate(manifest.routes)}
    for route in routes.values():
        place = f"routes[{positions[route.id]}]" if route.id in positions else f"route {route.id}"
        yield from _within(place, reference_violations(route, services.values()))
    for one, other in combinations(routes.values(), 2):
        if routes_conflict(one, other):
            yield ManifestError(path="routes", reason=conflict_reason(one, other))


def conflict_reason(one: ServiceRoute, other: ServiceRoute) -> str:
    """Return that two routes conflict, with the names of both."""
    return (
        f"{one.id} ({one.path}) and {other.id} ({other.path}) match the same requests; "
        "give one of them a higher priority or another condition"
    )


def _in_instances(group: str, instances: Sequence[Instance]) -> Iterator[ManifestError]:
    seen: set[str] = set()
    for index, instance in enumerate(instances):
        if instance.id in seen:
            reason = f"the instance {instance.id} stands there twice"
            yield ManifestError(path=f"{group}[{index}].id", reason=reason)
        seen.add(instance.id)
        fault = instance_url_fault(instance.url)
        if fault:
            yield ManifestError(path=f"{group}[{index}].url", reason=fault)


def _within(place: str, errors: Iterator[ManifestError]) -> Iterator[ManifestError]:
    for error in errors:
        yield ManifestError(path=f"{place}.{error.path}", reason=error.reason)
