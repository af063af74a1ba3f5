from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.shadow import MIDDLEWARE, Options
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.middleware import GatewayCall
from signalbox.services.gateway.record import CopyOutcome
from signalbox.services.gateway.shadow_copies import SendShadowCopy
from signalbox.services.gateway.synchronous import as_coroutine, run_blocking
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import a_service, an_instance
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.body_stream import FakeBody
from tests.fakes.instance_pool import an_instance_pool, live_instances
from tests.fakes.middlewares import (
    FakeUpstream,
    a_gateway_call,
    make_with,
    middleware_tools,
    through,
)

V2 = an_instance(url="https://v2.example.com")
TWO = a_service(versions={"v2": (V2,)})


class TestShadow(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"version": "v2", "methods": ["POST"]}


def copies_of(
    call: GatewayCall, *, is_sent: bool = True, **options: JsonValue
) -> list[GatewayCall]:
    copies: list[GatewayCall] = []

    def send(copy: GatewayCall) -> bool:
        copies.append(copy)
        return is_sent

    upstream = FakeUpstream()
    middleware = make_with(MIDDLEWARE, middleware_tools(send_copy=send), version="v2", **options)
    assert through(middleware, call, upstream).status == 200
    assert [each.destination.version for each in upstream.calls] == [call.destination.version]
    return copies


def test_a_copy_goes_to_the_other_version_and_is_marked() -> None:
    call = a_gateway_call("GET", ("x-a", "1"), service=TWO)

    (copy,) = copies_of(call)

    assert copy.destination.version == "v2"
    assert copy.request == call.request
    assert copy.added == (("x-signalbox-shadow", "1"),)
    assert copy.record is not call.record
    assert call.record.shadow is CopyOutcome.SENT


@pytest.mark.parametrize(
    ("call", "options"),
    [
        (a_gateway_call("POST", service=TWO), {}),
        (a_gateway_call("DELETE", service=TWO), {}),
        (a_gateway_call("GET", service=TWO), {"methods": ["POST"]}),
        (a_gateway_call("GET", service=TWO, path="/api/orders/v2/1"), {}),
        (a_gateway_call("GET", service=TWO), {"percent": 0.000001}),
    ],
)
def test_other_requests_are_not_copied(call: GatewayCall, options: dict[str, JsonValue]) -> None:
    assert copies_of(call, is_sent=True, **options) == []
    assert call.record.shadow is None


def test_a_copy_that_is_left_out_or_has_no_whole_body_is_recorded() -> None:
    busy = a_gateway_call(service=TWO)
    stream = FakeBody(b"1", b"2")
    streamed = a_gateway_call("POST", service=TWO, body=stream)

    copies_of(busy, is_sent=False)
    assert copies_of(streamed, methods=["POST"]) == []

    assert [busy.record.shadow, streamed.record.shadow] == [CopyOutcome.SKIPPED] * 2
    assert stream.left == [b"1", b"2"]


def test_a_version_that_the_service_lacks_is_refused() -> None:
    assert list(MIDDLEWARE.check(Options(version="v2"), TWO)) == []
    assert [path for path, _ in MIDDLEWARE.check(Options(version="v9"), TWO)] == ["version"]


@pytest.mark.parametrize(
    "options", [{}, {"version": "v2", "percent": 0.0}, {"version": "v2", "percent": 101.0}]
)
def test_options_without_an_effect_are_refused(options: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        make_with(MIDDLEWARE, middleware_tools(), **options)


class Copies:
    """Sends copies to a service that answers, fails or breaks."""

    def __init__(self, answer: GatewayResponse | Exception, *, is_free: bool = True) -> None:
        self.sent: list[UpstreamRequest] = []
        self._answer, self._is_free = answer, is_free

    def __call__(self, call: GatewayCall) -> bool:
        forward = ForwardRequest(
            send=as_coroutine(self._send),
            instances=live_instances(),
            pool=an_instance_pool(),
            timer=lambda: 100.0,
            via="signalbox",
        )
        copy = SendShadowCopy(forward=forward, send=forward.send, run=self._run, random=Random(1))
        return copy(call)

    def _run(self, create: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        if self._is_free:
            run_blocking(create())
        return self._is_free

    def _send(self, request: UpstreamRequest) -> GatewayResponse:
        self.sent.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [
        GatewayResponse(status=500),
        AttemptFailed("http://10.0.0.1 is down", UpstreamFault.CONNECT),
        ZeroDivisionError(),
    ],
)
def test_whatever_becomes_of_a_copy_is_ignored(answer: GatewayResponse | Exception) -> None:
    copies = Copies(answer)

    assert copies(a_gateway_call(path="/api/orders/v2/1", service=TWO))

    (sent,) = copies.sent
    assert (sent.instance.url, sent.target, sent.seconds) == (V2.url, "/api/1", 5.0)


def test_the_rest_of_a_streamed_answer_is_left_unread() -> None:
    stream = FakeBody(b"1", b"2")

    Copies(GatewayResponse(status=200, body=stream))(a_gateway_call(service=TWO))

    assert (bool(stream.closed), stream.left) == (True, [b"1", b"2"])


def test_without_an_instance_or_a_place_no_copy_is_sent() -> None:
    empty = a_service(versions={"v2": ()})

    assert not Copies(GatewayResponse(status=200))(
        a_gateway_call(path="/api/orders/v2/1", service=empty)
    )
    assert not Copies(GatewayResponse(status=200), is_free=False)(a_gateway_call(service=TWO))
