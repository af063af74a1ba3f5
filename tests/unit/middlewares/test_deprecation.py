import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.deprecation import MIDDLEWARE
from signalbox.models.gateway_errors import ServiceEnded
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.clock import FakeClock
from tests.fakes.middlewares import (
    FakeUpstream,
    a_gateway_call,
    headers_of,
    make_middleware,
    make_with,
    middleware_tools,
    through,
)

SINCE = "2026-01-01T00:00:00Z"


class TestDeprecation(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"since": SINCE}


def test_responses_announce_the_end() -> None:
    middleware = make_middleware(
        MIDDLEWARE,
        since=SINCE,
        ends_at="2026-06-01T02:00:00+02:00",
        link="https://example.com/v1",
    )

    response = through(middleware, a_gateway_call())

    assert headers_of(response) == {
        "deprecation": "@1767225600",
        "sunset": "Mon, 01 Jun 2026 00:00:00 GMT",
        "link": '<https://example.com/v1>; rel="deprecation"',
    }


def test_after_its_end_no_request_reaches_the_service() -> None:
    clock, upstream = FakeClock(), FakeUpstream()
    middleware = make_with(
        MIDDLEWARE, middleware_tools(clock), since=SINCE, ends_at="2026-03-01T12:00:10Z"
    )

    clock.advance(seconds=9)
    through(middleware, a_gateway_call(), upstream)
    clock.advance(seconds=1)
    with pytest.raises(ServiceEnded):
        through(middleware, a_gateway_call(), upstream)

    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"since": "yesterday"},
        {"since": SINCE, "ends_at": "2025-01-01T00:00:00Z"},
        {"since": SINCE, "link": "http://example.com"},
        {"since": SINCE, "link": "https://example.com/>\r\nx: 1"},
    ],
)
def test_an_announcement_that_is_none_is_refused(options: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, **options)
