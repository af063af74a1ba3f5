"""What every middleware of the gateway promises; the tests of each inherit it.

A subclass is the declaration of a middleware, and requests and responses that it lets pass.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import deepcopy
from types import FrameType
from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from signalbox.models.errors import SignalboxError
from signalbox.models.middleware import MiddlewareSpec
from signalbox.services.gateway.middleware import GatewayCall, NamedMiddleware, pipeline
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.gateway.service_middlewares import parse_options
from signalbox.services.gateway.synchronous import run_blocking
from signalbox.services.ports.gateway import Body, GatewayResponse
from tests.fakes.body_stream import FakeBody
from tests.fakes.middlewares import FakeUpstream, a_gateway_call, make_middleware, through

PIECES = (b"a piece", b"another")


def counted_calls(run: Callable[[], object]) -> int:
    """The number of calls of Python functions."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls


class MiddlewareContract(ABC):
    """The contract. What has to read bodies sets `reads_requests` or `reads_responses`.

    `options` are valid ones, with which the call of `passing` reaches the service. `max_calls` is
    how many calls of Python functions a request may cost, as time is measured in no test.
    """

    kind: MiddlewareKind[Any]
    reads_requests = False
    reads_responses = False
    max_calls = 60

    @property
    @abstractmethod
    def options(self) -> dict[str, JsonValue]:
        """Options with which `passing` passes."""

    def passing(self, body: Body = b"") -> GatewayCall:
        """A call that reaches the service."""
        return a_gateway_call("POST", ("x-a", "1"), body=body)

    def test_it_needs_no_event_loop_and_calls_the_service_once(self) -> None:
        upstream = FakeUpstream()

        response = through(make_middleware(self.kind, **self.options), self.passing(), upstream)

        assert len(upstream.calls) == 1
        assert (response.status, response.body) == (200, b"ok")

    def test_one_instance_serves_many_requests_alike(self) -> None:
        middleware, upstream = make_middleware(self.kind, **self.options), FakeUpstream()

        responses = [through(middleware, self.passing(), upstream) for _ in range(3)]

        assert {response.status for response in responses} == {200}

    def test_neither_the_call_nor_the_response_is_changed_in_place(self) -> None:
        call, answer = self.passing(), GatewayResponse(status=200, fields=(("x-b", "2"),))
        request, response = deepcopy(call.request), deepcopy(answer)
        service = call.destination.service.model_dump_json()

        through(make_middleware(self.kind, **self.options), call, FakeUpstream([answer]))

        assert (call.request, answer) == (request, response)
        assert call.destination.service.model_dump_json() == service

    def test_the_body_of_a_request_stays_a_stream_unless_it_has_to_be_read(self) -> None:
        stream, upstream = FakeBody(*PIECES), FakeUpstream()

        through(make_middleware(self.kind, **self.options), self.passing(stream), upstream)

        (call,) = upstream.calls
        if not self.reads_requests:
            assert call.request.body is stream
            assert stream.left == [*PIECES]

    def test_the_body_of_a_response_stays_a_stream_unless_it_has_to_be_read(self) -> None:
        stream = FakeBody(*PIECES)
        upstream = FakeUpstream([GatewayResponse(status=200, body=stream)])

        middleware = make_middleware(self.kind, **self.options)
        response = through(middleware, self.passing(), upstream)

        if not self.reads_responses:
            assert response.body is stream
            assert stream.left == [*PIECES]

    def test_an_error_of_a_later_step_is_passed_on(self) -> None:
        upstream = FakeUpstream([SignalboxError("the service is down")])

        with pytest.raises(SignalboxError, match="the service is down"):
            through(make_middleware(self.kind, **self.options), self.passing(), upstream)

    def test_an_unexpected_error_of_a_later_step_is_passed_on(self) -> None:
        with pytest.raises(ZeroDivisionError):
            through(
                make_middleware(self.kind, **self.options),
                self.passing(),
                FakeUpstream([ZeroDivisionError()]),
            )

    def test_it_keeps_its_place_between_others(self) -> None:
        seen: list[str] = []

        class Outer:
            async def __call__(self, call: GatewayCall, call_next: Any) -> GatewayResponse:
                seen.append("outer")
                response: GatewayResponse = await call_next(call)
                seen.append("outer again")
                return response

        class Inner:
            async def __call__(self, call: GatewayCall, call_next: Any) -> GatewayResponse:
                seen.append("inner")
                response: GatewayResponse = await call_next(call)
                return response

        named = NamedMiddleware(name="tested", step=make_middleware(self.kind, **self.options))
        run_blocking(pipeline([Outer(), named, Inner()], FakeUpstream())(self.passing()))

        assert seen == ["outer", "inner", "outer again"]

    def test_it_costs_a_request_few_calls(self) -> None:
        middleware, upstream = make_middleware(self.kind, **self.options), FakeUpstream()
        through(middleware, self.passing(), upstream)
        call = self.passing()

        calls = counted_calls(lambda: through(middleware, call, upstream))

        assert calls <= self.max_calls

    def test_an_unknown_option_is_refused(self) -> None:
        spec = MiddlewareSpec.model_validate({"use": "tested", **self.options, "no_option": 1})

        with pytest.raises(ValidationError, match="no_option"):
            parse_options(self.kind, spec)

    def test_its_options_have_a_schema_and_a_description(self) -> None:
        schema = self.kind.options.model_json_schema()

        assert schema["additionalProperties"] is False
        assert schema["description"]
