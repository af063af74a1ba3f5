import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.rate_limit import MIDDLEWARE
from signalbox.models.principal import ANONYMOUS, Principal
from signalbox.models.rate_limits import OverLimit
from tests.builders import a_principal, a_service
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


class TestRateLimit(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"limit": "100/min"}


def test_requests_over_the_limit_are_refused_until_time_has_passed() -> None:
    clock, upstream = FakeClock(), FakeUpstream()
    middleware = make_with(MIDDLEWARE, middleware_tools(clock), limit="2/min")

    first = through(middleware, a_gateway_call(), upstream)
    through(middleware, a_gateway_call(), upstream)
    with pytest.raises(OverLimit) as over:
        through(middleware, a_gateway_call(), upstream)
    clock.advance(seconds=30)
    through(middleware, a_gateway_call(), upstream)

    assert headers_of(first)["ratelimit"] == '"service";r=1;t=30'
    assert over.value.quota.one_more_after == 30
    assert len(upstream.calls) == 3


@pytest.mark.parametrize(
    ("by", "caller", "client", "is_counted_apart"),
    [
        ("client", ANONYMOUS, "192.0.2.7", False),
        ("client", ANONYMOUS, "192.0.2.8", True),
        ("client", a_principal(), "192.0.2.7", True),
        ("address", a_principal(), "192.0.2.7", False),
        ("address", a_principal(), "::ffff:192.0.2.7", False),
        ("service", a_principal(), "192.0.2.8", False),
    ],
)
def test_requests_are_counted_by_whose_they_are(
    by: str, caller: Principal, client: str, *, is_counted_apart: bool
) -> None:
    middleware, upstream = make_middleware(MIDDLEWARE, limit="1/day", by=by), FakeUpstream()
    through(middleware, a_gateway_call(), upstream)
    call = a_gateway_call("GET", ("x-forwarded-for", "203.0.113.9"), client=client, caller=caller)

    if is_counted_apart:
        through(middleware, call, upstream)
    else:
        with pytest.raises(OverLimit):
            through(middleware, call, upstream)

    assert len(upstream.calls) == 1 + is_counted_apart


def test_services_and_limits_are_counted_apart() -> None:
    tools, upstream = middleware_tools(), FakeUpstream()
    by_minute = make_with(MIDDLEWARE, tools, limit="1/min")
    by_day = make_with(MIDDLEWARE, tools, limit="1/day")

    through(by_minute, a_gateway_call(), upstream)
    through(by_day, a_gateway_call(), upstream)
    other = a_gateway_call(path="/api/other/1", service=a_service(name="other"))
    through(by_minute, other, upstream)

    assert len(upstream.calls) == 3


def test_the_burst_is_what_may_come_at_once() -> None:
    middleware, upstream = make_middleware(MIDDLEWARE, limit="60/min", burst=2), FakeUpstream()

    through(middleware, a_gateway_call(), upstream)
    through(middleware, a_gateway_call(), upstream)

    with pytest.raises(OverLimit):
        through(middleware, a_gateway_call(), upstream)


@pytest.mark.parametrize("limit", ["0/min", "1", "1/year", "1.5/min", "-1/min", "1/min\n", 1])
def test_a_limit_that_is_none_is_refused(limit: JsonValue) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, limit=limit)
