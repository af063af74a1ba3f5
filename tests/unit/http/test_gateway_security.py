"""Requests that try to pass by the rules of the gateway."""

from dataclasses import dataclass, field

import pytest

from signalbox.http.gateway_lambda import GatewayHandler
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import a_route, a_service
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.gateway_handler import a_gateway_handler
from tests.functions.system import event

PUBLIC = {"public": True}


@dataclass
class Shop:
    """A public service `shop`, whose path `/api/shop/admin` leads to a private service."""

    sent: list[UpstreamRequest] = field(default_factory=list)
    handler: GatewayHandler = field(init=False)

    def __post_init__(self) -> None:
        table = RoutingTable(
            [a_service(name="shop", access=PUBLIC), a_service(name="admin")],
            [
                a_route(id="admin", path="/api/shop/admin", service="admin"),
                a_route(id="host", path="/api/inner", service="shop", host="inner.example.com"),
            ],
        )
        self.handler = a_gateway_handler(lambda: table, self._send)

    def ask(self, path: str, method: str = "GET", **headers: str) -> int:
        fields = {"host": "api.example.com"}
        fields |= {name.replace("_", "-"): text for name, text in headers.items()}
        made = {**event(method, "/", fields, b""), "rawPath": path}
        return self.handler(made, FakeContext(FakeClock(), timeout=9))["statusCode"]

    def _send(self, request: UpstreamRequest) -> GatewayResponse:
        self.sent.append(request)
        return GatewayResponse(status=200)


@pytest.mark.parametrize(
    "path",
    [
        "/api/shop/admin",
        "/api/shop/admin/",
        "/api/shop/admin/users",
        "/api/shop/%61dmin",
        "/api/shop/admin;x=1",
        "/api/shop/;/admin",
        "/api/shop/;x=1/admin",
        "/api/shop/%3b/admin",
        "/api/shop//admin",
        "/api//shop/admin",
        "/api/shop/./admin",
        "/api/shop/%2e/admin",
        "/api/shop/a/../admin",
        "/api/shop/a/%2e%2e/admin",
        "/api/shop/a/..%2fadmin",
        "/api/shop/a/%252e%252e/admin",
        "/api/shop/a/..;/admin",
        "/api/shop\\admin",
        "/api/shop/%5cadmin",
        "/api/shop/admin\x00",
        "/api/shop/admin%00",
        "/api/shop/admin%0a",
        "/api/../api/shop/admin",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_way_of_writing_a_path_leads_by_the_route_of_a_private_service(
    path: str, method: str
) -> None:
    shop = Shop()

    status = shop.ask(path, method)

    assert status in {400, 401}
    assert shop.sent == []


def test_what_is_public_stays_public() -> None:
    shop = Shop()

    statuses = [shop.ask(path) for path in ("/api/shop", "/api/shop/administrator", "/api/shop/a")]

    assert statuses == [200, 200, 200]


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_host": "inner.example.com"},
        {"forwarded": "host=inner.example.com"},
        {"x_host": "inner.example.com"},
        {"x_original_url": "/api/inner"},
        {"x_rewrite_url": "/api/inner"},
        {"x_http_method_override": "GET"},
    ],
)
def test_no_header_but_host_chooses_a_route(headers: dict[str, str]) -> None:
    shop = Shop()

    status = shop.ask("/api/inner", **headers)

    assert status == 404
    assert shop.sent == []


@pytest.mark.parametrize("name", ["v1", "gateway"])
@pytest.mark.parametrize("path", ["/api/{}/tasks", "/api/{};x/tasks", "/api/{}/../shop"])
def test_the_names_of_the_gateway_itself_lead_to_no_service(name: str, path: str) -> None:
    shop = Shop()

    status = shop.ask(path.format(name))

    assert status in {400, 404}
    assert shop.sent == []
