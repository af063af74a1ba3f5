import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.ip_filter import MIDDLEWARE
from signalbox.models.errors import AddressRefused
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.middlewares import FakeUpstream, a_gateway_call, make_middleware, through


class TestIpFilter(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"allow": ["192.0.2.0/24"]}


@pytest.mark.parametrize(
    ("options", "client", "passes"),
    [
        ({"allow": ["192.0.2.0/24"]}, "192.0.2.9", True),
        ({"allow": ["192.0.2.0/24"]}, "198.51.100.9", False),
        ({"allow": ["192.0.2.0/24"], "deny": ["192.0.2.9"]}, "192.0.2.9", False),
        ({"deny": ["192.0.2.9"]}, "192.0.2.9", False),
        ({"deny": ["192.0.2.9"]}, "192.0.2.10", True),
        ({"deny": ["192.0.2.9"]}, "::ffff:192.0.2.9", False),
        ({"deny": ["192.0.2.9"]}, "::ffff:c000:209", False),
        ({"allow": ["192.0.2.0/24"]}, "::ffff:192.0.2.9", True),
        ({"allow": ["2001:db8::/32"]}, "2001:db8::1", True),
        ({"allow": ["2001:db8::/32"]}, "192.0.2.9", False),
        ({"deny": ["192.0.2.9"]}, "", False),
        ({"deny": ["192.0.2.9"]}, "unknown", False),
    ],
)
def test_requests_pass_by_their_address(
    options: dict[str, JsonValue], client: str, *, passes: bool
) -> None:
    middleware, upstream = make_middleware(MIDDLEWARE, **options), FakeUpstream()
    call = a_gateway_call("GET", ("x-forwarded-for", "192.0.2.10"), client=client)

    if passes:
        through(middleware, call, upstream)
    else:
        with pytest.raises(AddressRefused):
            through(middleware, call, upstream)

    assert bool(upstream.calls) is passes


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"allow": ["192.0.2.7/24"]},
        {"allow": ["example.com"]},
        {"deny": ["::ffff:192.0.2.0/120"]},
        {"deny": ["::ffff:192.0.2.1"]},
    ],
)
def test_options_without_an_effect_are_refused(options: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, **options)
