import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.cors import MIDDLEWARE
from signalbox.services.ports.gateway import GatewayResponse
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.middlewares import (
    FakeUpstream,
    a_gateway_call,
    headers_of,
    make_middleware,
    through,
)

APP = "https://app.example.com"
PREFLIGHT = ("access-control-request-method", "PUT")


class TestCors(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"allow_origins": [APP]}


def allowed(origins: list[JsonValue], origin: str) -> str | None:
    middleware = make_middleware(MIDDLEWARE, allow_origins=origins)
    response = through(middleware, a_gateway_call("GET", ("Origin", origin)))
    return headers_of(response).get("access-control-allow-origin")


@pytest.mark.parametrize(
    ("origins", "origin", "answer"),
    [
        ([APP], APP, APP),
        ([APP], "https://other.example.com", None),
        ([APP], "http://app.example.com", None),
        ([APP], f"{APP}:8443", None),
        ([APP], f"{APP}.evil.example", None),
        (["*"], "https://any.example", "*"),
        (["*"], "null", "*"),
        ([APP], "null", None),
        (["https://*.example.com"], "https://a.b.example.com", "https://a.b.example.com"),
        (["https://*.example.com"], "https://example.com", None),
        (["https://*.example.com"], "https://evilexample.com", None),
        (["https://*.example.com"], "http://a.example.com", None),
        (["https://*.example.com"], "https://evil.test/.example.com", None),
        (["https://*.example.com"], "https://evil.test#.example.com", None),
        (["https://*.example.com"], "https://u@.example.com", None),
        (
            ["https://*.example.com:8443"],
            "https://a.example.com:8443",
            "https://a.example.com:8443",
        ),
        (["https://*.example.com"], "null", None),
        (["https://*.example.com"], "", None),
    ],
)
def test_an_origin_is_allowed_only_as_a_whole(
    origins: list[JsonValue], origin: str, answer: str | None
) -> None:
    assert allowed(origins, origin) == answer


def test_a_preflight_is_answered_by_the_gateway() -> None:
    upstream = FakeUpstream()
    middleware = make_middleware(
        MIDDLEWARE,
        allow_origins=[APP],
        allow_methods=["GET", "PUT"],
        allow_headers=["X-A"],
        allow_credentials=True,
        max_age_seconds=60,
    )

    response = through(middleware, a_gateway_call("OPTIONS", ("Origin", APP), PREFLIGHT), upstream)

    assert upstream.calls == []
    assert (response.status, response.body) == (204, b"")
    assert headers_of(response) == {
        "access-control-allow-origin": APP,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "X-A",
        "access-control-max-age": "60",
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def test_a_preflight_of_another_origin_is_answered_without_permission() -> None:
    upstream, middleware = FakeUpstream(), make_middleware(MIDDLEWARE, allow_origins=[APP])

    response = through(
        middleware, a_gateway_call("OPTIONS", ("Origin", "https://evil.test"), PREFLIGHT), upstream
    )

    assert upstream.calls == []
    assert set(headers_of(response)) == {"vary"}


def test_an_options_request_that_is_no_preflight_reaches_the_service() -> None:
    upstream, middleware = FakeUpstream(), make_middleware(MIDDLEWARE, allow_origins=[APP])

    through(middleware, a_gateway_call("OPTIONS", ("Origin", APP)), upstream)
    through(middleware, a_gateway_call("OPTIONS", PREFLIGHT), upstream)

    assert len(upstream.calls) == 2


def test_the_headers_of_the_service_are_replaced_and_its_vary_is_kept() -> None:
    answer = GatewayResponse(
        status=200,
        fields=(
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Vary", "Accept"),
        ),
    )
    middleware = make_middleware(MIDDLEWARE, allow_origins=[APP], expose_headers=["X-Total"])

    of_app = through(middleware, a_gateway_call("GET", ("origin", APP)), FakeUpstream([answer]))
    of_nobody = through(middleware, a_gateway_call("GET"), FakeUpstream([answer]))

    assert headers_of(of_app) == {
        "access-control-allow-origin": APP,
        "access-control-expose-headers": "X-Total",
        "vary": "Accept, Origin",
    }
    assert headers_of(of_nobody) == {"vary": "Accept, Origin"}


def test_several_origins_in_a_request_are_none() -> None:
    middleware = make_middleware(MIDDLEWARE, allow_origins=[APP])

    response = through(middleware, a_gateway_call("GET", ("origin", APP), ("origin", "null")))

    assert "access-control-allow-origin" not in headers_of(response)


@pytest.mark.parametrize(
    "options",
    [
        {"allow_origins": []},
        {"allow_origins": ["null"]},
        {"allow_origins": ["https://app.example.com/"]},
        {"allow_origins": ["https://*"]},
        {"allow_origins": ["https://a.*.example.com"]},
        {"allow_origins": ["app.example.com"]},
        {"allow_origins": ["https://a.example.com\r\nx: 1"]},
        {"allow_origins": ["https://a.example.com\n"]},
        {"allow_origins": ["*"], "allow_credentials": True},
        {"allow_origins": [APP], "allow_headers": ["*"], "allow_credentials": True},
        {"allow_origins": [APP], "expose_headers": ["*"], "allow_credentials": True},
        {"allow_origins": [APP], "allow_methods": ["get"]},
        {"allow_origins": [APP], "max_age_seconds": -1},
    ],
)
def test_options_that_browsers_refuse_or_that_trust_anybody_are_refused(
    options: dict[str, JsonValue],
) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, **options)
