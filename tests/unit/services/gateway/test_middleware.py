import asyncio
from dataclasses import dataclass, replace

import pytest

from signalbox.models.errors import PayloadTooLarge
from signalbox.services.gateway.bodies import body_length, read_body
from signalbox.services.gateway.middleware import CallNext, GatewayCall, pipeline
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.synchronous import as_coroutine, run_blocking
from signalbox.services.ports.gateway import GatewayResponse
from tests.builders import a_service
from tests.fakes.body_stream import FakeBody


def a_call() -> GatewayCall:
    request = GatewayRequest(method="GET", path=parse_path("/api/orders/1"), fields=())
    destination = RoutingTable([a_service()]).find(request)
    return GatewayCall(request=request, destination=destination, seconds=9)


@dataclass
class Marking:
    """Marks the call on its way in, and the response on its way out."""

    mark: str

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        response = await call_next(replace(call, added=(*call.added, ("in", self.mark))))
        return replace(response, fields=(*response.fields, ("out", self.mark)))


async def refuse(call: GatewayCall, call_next: CallNext) -> GatewayResponse:
    del call, call_next
    return GatewayResponse(status=418)


async def last(call: GatewayCall) -> GatewayResponse:
    return GatewayResponse(status=200, fields=call.added)


def test_middlewares_see_the_call_in_order_and_the_response_in_reverse() -> None:
    answer = pipeline([Marking("a"), Marking("b")], last)

    response = run_blocking(answer(a_call()))

    assert response.fields == (("in", "a"), ("in", "b"), ("out", "b"), ("out", "a"))


def test_a_middleware_that_answers_by_itself_ends_the_way_in() -> None:
    answer = pipeline([Marking("a"), refuse, Marking("b")], last)

    response = run_blocking(answer(a_call()))

    assert (response.status, response.fields) == (418, (("out", "a"),))


def test_a_pipeline_without_middlewares_is_its_last_step() -> None:
    assert run_blocking(pipeline([], last)(a_call())).status == 200


def test_what_waits_for_an_event_loop_is_an_error_where_there_is_none() -> None:
    with pytest.raises(RuntimeError, match="event loop"):
        run_blocking(asyncio.sleep(1))


def test_a_blocking_call_becomes_a_coroutine_with_its_errors() -> None:
    assert run_blocking(as_coroutine(max)(1, 2)) == 2
    with pytest.raises(ZeroDivisionError):
        run_blocking(as_coroutine(divmod)(1, 0))


@pytest.mark.parametrize("body", [b"12345", FakeBody(b"12", b"345")])
def test_a_body_is_read_up_to_its_limit(body: bytes | FakeBody) -> None:
    assert run_blocking(read_body(body, 5)) == b"12345"


def test_a_body_over_its_limit_is_refused_and_its_rest_left_unread() -> None:
    stream = FakeBody(b"123", b"456", b"789")

    with pytest.raises(PayloadTooLarge):
        run_blocking(read_body(stream, 5))
    with pytest.raises(PayloadTooLarge):
        run_blocking(read_body(b"123456", 5))

    assert (bool(stream.closed), stream.left) == (True, [b"789"])


def test_the_length_of_a_stream_is_what_it_declares() -> None:
    assert body_length(b"123") == 3
    assert body_length(FakeBody(b"1", length=1)) == 1
    assert body_length(FakeBody(b"1")) is None
