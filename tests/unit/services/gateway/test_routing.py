import pytest

from signalbox.models.errors import NotFound
from signalbox.models.service_route import ServiceRoute
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.request import Destination, GatewayRequest
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import HeaderFields
from tests.builders import a_route, a_service, an_instance

V2 = (an_instance(id="b"),)
SERVICES = (
    a_service(versions={"v2": V2}),
    a_service(name="admin"),
    a_service(name="off", enabled=False),
    a_service(name="new", instances=(), versions={"v2": V2}),
)


def find(
    path: str,
    *routes: ServiceRoute,
    method: str = "GET",
    host: str = "api.example.com",
    fields: HeaderFields = (),
) -> Destination:
    request = GatewayRequest(method=method, path=parse_path(path), host=host, fields=fields)
    return RoutingTable(SERVICES, routes).find(request)


def target(destination: Destination) -> tuple[str, str | None, str]:
    return destination.service.name, destination.version, destination.path


@pytest.mark.parametrize(
    ("route", "path", "expected"),
    [
        (a_route(), "/api/shop/1", ("orders", None, "/api/shop/1")),
        (a_route(rewrite="/"), "/api/shop/1", ("orders", None, "/1")),
        (a_route(rewrite="/"), "/api/shop", ("orders", None, "/")),
        (a_route(rewrite="/base"), "/api/shop/1/", ("orders", None, "/base/1/")),
        (
            a_route(path="/api/shop/{shop}/x", rewrite="/s/{shop}"),
            "/api/shop/a%2Fb/x/1",
            ("orders", None, "/s/a%2Fb/1"),
        ),
        (a_route(version="v2"), "/api/shop", ("orders", "v2", "/api/shop")),
        (a_route(path="/api/orders/admin", service="admin"), "/api/orders/admin", None),
        (a_route(path="/api/orders/admin", service="admin"), "/api/orders/%61dmin/x", None),
        (a_route(path="/api/orders/admin", service="admin"), "/api/orders/admin;x=1", None),
    ],
)
def test_a_route_leads_to_its_service(
    route: ServiceRoute, path: str, expected: tuple[str, str | None, str] | None
) -> None:
    found = target(find(path, route))

    assert found == (expected or ("admin", None, path))


@pytest.mark.parametrize(
    ("route", "matches"),
    [
        (a_route(methods=("GET", "PUT")), True),
        (a_route(methods=("POST",)), False),
        (a_route(host="api.example.com"), True),
        (a_route(host="*.example.com"), True),
        (a_route(host="example.com"), False),
        (a_route(host="*.api.example.com"), False),
        (a_route(headers={"x-a": "1"}), True),
        (a_route(headers={"x-a": "2"}), False),
        (a_route(headers={"x-twice": "1"}), False),
        (a_route(path="/api/sho"), False),
        (a_route(path="/api/shop/1/2"), False),
        (a_route(path="/api/shop/{a}"), True),
        (a_route(enabled=False), False),
        (a_route(service="off"), False),
    ],
)
def test_a_route_matches_only_if_every_condition_is_met(
    route: ServiceRoute,
    matches: bool,  # noqa: FBT001  a row
) -> None:
    fields = (("X-A", "1"), ("x-twice", "1"), ("x-twice", "2"))

    try:
        found = find("/api/shop/1", route, host="API.example.com:443", fields=fields)
    except NotFound:
        assert not matches
    else:
        assert matches
        assert found.service.name == "orders"


def test_a_parameter_matches_no_empty_segment() -> None:
    with pytest.raises(NotFound):
        find("/api/shop/", a_route(path="/api/shop/{a}"))


def test_the_longest_route_wins_and_then_the_priority_decides() -> None:
    short, long = (
        a_route(path="/api/orders"),
        a_route(id="x", path="/api/orders/a", service="admin"),
    )

    assert find("/api/orders/a", short, long).service.name == "admin"
    assert find("/api/orders/b", short, long).service.name == "orders"
    assert (
        find("/api/orders/a", short.model_copy(update={"priority": 1}), long).service.name
        == "orders"
    )


@pytest.mark.parametrize("path", ["/api/off/1", "/api/new/1", "/api", "/", "/health"])
def test_what_is_disabled_or_needs_a_version_or_is_no_service_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        find(path)


def test_a_version_is_found_by_path_or_header_and_goes_to_its_instances() -> None:
    by_path = find("/api/new/v2/1")
    by_header = find("/api/new/1", fields=(("accept-version", "2"),))

    assert by_path.service.instances_of(by_path.version) == V2
    assert target(by_path) == target(by_header) == ("new", "v2", "/api/1")


def test_two_accept_version_headers_are_no_version() -> None:
    with pytest.raises(NotFound):
        find("/api/new/1", fields=(("accept-version", "2"), ("accept-version", "2")))
