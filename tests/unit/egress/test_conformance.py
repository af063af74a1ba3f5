"""The gateway keeps every row of the conformance table, against a server of raw bytes."""

from collections.abc import Iterator
from time import monotonic

import pytest

from signalbox.egress.upstream_client import UpstreamClient
from signalbox.models.errors import SignalboxError
from signalbox.services.gateway.fields import check_loop, check_request
from signalbox.services.gateway.forward import ForwardedRequest, ForwardRequest
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import UpstreamResponse
from tests.builders import a_service, an_instance
from tests.fakes.instance_pool import an_instance_pool, live_instances
from tests.fakes.raw_server import RawServer
from tests.unit.egress.conformance import TABLE, Row

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer().running() as server:
        yield server


def proxied(row: Row, url: str) -> UpstreamResponse:
    """What the client gets for the request of a row."""
    request = GatewayRequest(
        method=row.method,
        path=parse_path(row.path),
        query=row.query,
        fields=row.fields,
        body=row.body,
        host=row.host,
        client=row.client,
        request_id="req_1",
    )
    check_request(request)
    check_loop(request, "signalbox")
    instances = (an_instance(url=url),)
    table = RoutingTable([a_service(instances=instances, versions={"v2": instances})])
    forward = ForwardRequest(
        send=UpstreamClient(networks=LOOPBACK, max_body=200_000),
        instances=live_instances(),
        pool=an_instance_pool(),
        timer=monotonic,
        via="signalbox",
    )
    return forward(
        request,
        table.find(request),
        credentials=("x-api-key",),
        seconds=5,
        record=ForwardedRequest(),
    )


def received_fields(head: bytes) -> list[tuple[str, str]]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return [
        (name.lower(), value.strip(" ")) for name, _, value in (s.partition(":") for s in lines)
    ]


def test_the_table_has_a_rule_for_each_row() -> None:
    rules = [row.rule for row in TABLE]

    assert len(rules) >= 160
    assert sorted({rule for rule in rules if rules.count(rule) > 1}) == []


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule)
def test_the_gateway_does_what_the_row_says(server: RawServer, row: Row) -> None:
    server.received.clear()
    server.answer = row.answer if isinstance(row.answer, bytes) else list(row.answer)

    if row.error:
        with pytest.raises(SignalboxError) as caught:
            proxied(row, server.url)
        assert caught.value.code == row.error
        assert bool(server.received) is row.reached
        return
    response = proxied(row, server.url)

    (raw,) = server.received
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = received_fields(head)
    assert (row.line or head.decode("latin-1")).split("\r\n")[0] == head.decode("latin-1").split(
        "\r\n"
    )[0]
    assert [field for field in fields if field[0] in dict(row.sent)] == sorted(
        row.sent, key=fields.index
    )
    assert not {name for name, _ in fields} & set(row.unsent)
    assert row.sent_body is None or body == row.sent_body
    assert response.status == row.status
    assert [f for f in response.fields if f[0] in dict(row.got)] == list(row.got)
    assert not {name.lower() for name, _ in response.fields} & set(row.ungot)
    assert row.got_body is None or response.body == row.got_body
