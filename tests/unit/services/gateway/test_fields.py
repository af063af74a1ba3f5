"""Fields that a row of the conformance table cannot have, as API Gateway joins them."""

from signalbox.services.gateway.fields import upstream_fields
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.routing import RoutingTable
from tests.builders import a_service


def test_repeated_fields_stay_apart_and_in_order_with_their_case() -> None:
    request = GatewayRequest(
        method="GET",
        path=parse_path("/api/orders/1"),
        fields=(("X-A", "1"), ("b", "2"), ("x-a", "3"), ("Connection", "c"), ("C", "4")),
    )
    destination = RoutingTable([a_service()]).find(request)

    fields = upstream_fields(request, destination, host="h", via="signalbox", credentials=())

    assert fields[:4] == (("host", "h"), ("X-A", "1"), ("b", "2"), ("x-a", "3"))
    assert "C" not in dict(fields)
