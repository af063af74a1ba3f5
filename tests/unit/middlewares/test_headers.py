import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.headers import MIDDLEWARE
from signalbox.services.ports.gateway import GatewayResponse
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.middlewares import (
    FakeUpstream,
    a_gateway_call,
    headers_of,
    make_middleware,
    through,
)


class TestHeaders(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"request": {"set": {"X-Tenant": "acme"}}, "response": {"remove": ["x-b"]}}


def test_rules_change_the_request_to_the_service() -> None:
    upstream = FakeUpstream()
    middleware = make_middleware(
        MIDDLEWARE,
        request={"remove": ["X-Debug"], "set": {"X-Tenant": "acme"}, "add": {"X-List": "b"}},
    )
    call = a_gateway_call(
        "GET", ("x-debug", "1"), ("X-Tenant", "evil"), ("x_tenant", "evil"), ("x-list", "a")
    )

    through(middleware, call, upstream)

    (sent,) = upstream.calls
    assert sent.request.fields == (("x-list", "a"),)
    assert sent.added == (("x-tenant", "acme"), ("x-list", "b"))


def test_a_later_rule_replaces_what_an_earlier_one_has_written() -> None:
    upstream = FakeUpstream()
    middleware = make_middleware(MIDDLEWARE, request={"set": {"x-a": "2"}})

    through(middleware, a_gateway_call(added=(("X-A", "1"), ("x-b", "1"))), upstream)

    assert upstream.calls[0].added == (("x-b", "1"), ("x-a", "2"))


def test_rules_change_the_response_to_the_client() -> None:
    answer = GatewayResponse(
        status=200, fields=(("X-Powered-By", "x"), ("X-Frame-Options", "a"), ("x-list", "a"))
    )
    middleware = make_middleware(
        MIDDLEWARE,
        response={
            "remove": ["x-powered-by"],
            "set": {"X-Frame-Options": "DENY"},
            "add": {"x-list": "b"},
        },
    )

    response = through(middleware, a_gateway_call(), FakeUpstream([answer]))

    assert headers_of(response) == {"x-frame-options": "DENY", "x-list": "a, b"}


@pytest.mark.parametrize("side", ["request", "response"])
@pytest.mark.parametrize("action", ["set", "add", "remove"])
@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "Transfer-Encoding",
        "content-length",
        "Host",
        "X-Signalbox-Identity",
        "x_signalbox_identity",
        "X-Forwarded-For",
        "Forwarded",
        "Via",
        "X-Request-ID",
        "x-amzn-trace-id",
        "x a",
        "x\r\nb",
        "x-a\n",
        "",
    ],
)
def test_no_rule_is_for_a_header_of_the_connection_or_the_gateway(
    side: str, action: str, name: str
) -> None:
    rules: JsonValue = [name] if action == "remove" else {name: "1"}

    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, **{side: {action: rules}})


@pytest.mark.parametrize("value", ["a\r\nx: 1", "a\nb", "a\n", "\x00", "é", " a", "a" * 1_100])
def test_a_value_is_one_line_of_printable_characters(value: str) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, response={"set": {"x-a": value}})


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-API-Key", "set-cookie"])
def test_no_rule_writes_a_header_with_a_secret_but_one_may_remove_it(name: str) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, request={"set": {name: "x"}})

    removing = make_middleware(MIDDLEWARE, request={"remove": [name]})

    upstream = FakeUpstream()
    through(removing, a_gateway_call("GET", (name, "x")), upstream)
    assert upstream.calls[0].request.fields == ()
