"""Middlewares of a service from the event to the response: order, refusals, errors, their log."""

import json
from io import StringIO
from typing import Any

from pydantic import JsonValue

from signalbox.auth.api_keys import new_key
from signalbox.http.events import LambdaResponse
from signalbox.models.errors import Forbidden
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import Service
from signalbox.runtime.registry import middlewares
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind, MiddlewareTools, Place
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import NOW, a_service
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore
from tests.fakes.context import FakeContext
from tests.fakes.counts import FakeCount
from tests.fakes.gateway_handler import a_gateway_handler
from tests.functions.system import event

APP = "https://app.example.com"
CORS: JsonValue = {"use": "cors", "allow_origins": [APP]}
KEY = new_key("live", name="k", roles=("admin",), scopes=(), created_by="t", now=NOW)


class Options(MiddlewareOptions):
    """What the middleware of a test does, and with what it marks a request."""

    does: str = "pass"
    mark: str = "a"


class Scripted:
    """Passes, refuses or fails, as its options say."""

    def __init__(self, options: Options, _tools: MiddlewareTools) -> None:
        self.options = options
        self.seen: list[GatewayCall] = []

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        if self.options.does == "refuse":
            raise Forbidden("not today")
        if self.options.does == "fail":
            raise ZeroDivisionError("sbx_secret")
        if self.options.does == "answer":
            return GatewayResponse(status=418)
        response = await call_next(call)
        if self.options.does == "fail_after":
            raise ZeroDivisionError
        return response


class System:
    """A gateway over one service with middlewares."""

    def __init__(self, *specs: JsonValue, public: bool = True) -> None:
        self.asked: list[UpstreamRequest] = []
        self.failure: Exception | None = None
        self.out, self.count, self.clock = StringIO(), FakeCount(), FakeClock()
        self.service = a_service(middlewares=specs, access={"public": public})
        scripted = MiddlewareKind(options=Options, create=Scripted, is_repeatable=True)
        early = MiddlewareKind(options=Options, create=Scripted, place=Place.BEFORE_ACCESS)
        self.handler = a_gateway_handler(
            self._table,
            self._send,
            keys=FakeKeyStore(KEY.stored),
            clock=self.clock,
            count=self.count,
            out=self.out,
            kinds={**middlewares(), "scripted": lambda: scripted, "early": lambda: early},
        )

    def ask(self, method: str = "GET", **headers: str) -> LambdaResponse:
        sent = {"host": "api.example.com", **{n.replace("_", "-"): v for n, v in headers.items()}}
        made = event(method, "/api/orders/1", sent, b"")
        return self.handler(made, FakeContext(self.clock, timeout=30))

    def line(self, message: str) -> dict[str, Any]:
        lines = [json.loads(line) for line in self.out.getvalue().splitlines()]
        (found,) = (line for line in lines if line["message"] == message)
        return dict(found)

    def _table(self) -> RoutingTable:
        service = Service.model_validate_json(self.service.model_dump_json())
        return RoutingTable([service])

    def _send(self, request: UpstreamRequest) -> GatewayResponse:
        self.asked.append(request)
        if self.failure:
            raise self.failure
        return GatewayResponse(status=200, fields=(("access-control-allow-origin", "*"),))


def test_a_preflight_needs_no_credentials_and_does_not_reach_the_service() -> None:
    system = System(CORS, public=False)

    response = system.ask("OPTIONS", origin=APP, access_control_request_method="GET")

    assert response["statusCode"] == 204
    assert response["headers"]["access-control-allow-origin"] == APP
    assert system.asked == []
    assert system.line("access")["status_code"] == 204


def test_a_page_can_read_why_its_request_was_refused() -> None:
    system = System(CORS, public=False)

    response = system.ask(origin=APP)

    assert response["statusCode"] == 401
    assert json.loads(response["body"])["error"] == "unauthenticated"
    assert response["headers"]["access-control-allow-origin"] == APP
    assert not response["isBase64Encoded"]
    assert "middleware" not in system.line("access")
    assert system.count.seen == [
        ("GatewayRequests", {"target": "orders", "outcome": "unauthenticated"})
    ]


def test_a_page_of_another_origin_cannot_read_the_response() -> None:
    response = System(CORS).ask(origin="null")

    assert response["statusCode"] == 200
    assert "access-control-allow-origin" not in response["headers"]


def test_a_forged_forwarded_address_does_not_pass_the_filter_of_addresses() -> None:
    system = System({"use": "ip_filter", "allow": ["192.0.2.0/24"]}, public=False)

    response = system.ask(x_forwarded_for="192.0.2.1", x_api_key=KEY.text)

    assert json.loads(response["body"])["error"] == "address_refused"
    assert system.line("access")["middleware"] == "ip_filter"
    assert system.line("access")["principal"] == "anonymous"
    assert system.asked == []


def test_a_header_that_a_rule_sets_is_not_removed_by_the_connection_of_the_client() -> None:
    system = System({"use": "headers", "request": {"set": {"x-tenant": "acme"}}})

    system.ask(connection="x-tenant, close", x_tenant="evil")

    assert [v for n, v in system.asked[0].fields if n == "x-tenant"] == ["acme"]


def test_a_middleware_that_refuses_is_named_in_the_access_line() -> None:
    system = System({"use": "scripted", "does": "refuse"})

    response = system.ask()

    assert response["statusCode"] == 403
    assert system.line("access")["middleware"] == "scripted"
    assert system.count.seen[0][1]["outcome"] == "forbidden"


def test_a_middleware_that_fails_is_named_in_the_log_and_the_client_learns_nothing() -> None:
    for does in ("fail", "fail_after"):
        for use in ("scripted", "early"):
            system = System({"use": use, "does": does})

            response = system.ask()

            problem = json.loads(response["body"])
            assert (response["statusCode"], problem["error"]) == (500, "internal")
            assert "Zero" not in response["body"]
            assert system.line("gateway failed")["middleware"] == use
            assert system.line("access")["middleware"] == use
            assert "sbx_secret" not in system.out.getvalue()
            assert system.count.seen == [
                ("GatewayRequests", {"target": "orders", "outcome": "internal"})
            ]


def test_a_failure_of_the_service_is_not_that_of_a_middleware() -> None:
    system = System({"use": "scripted"})
    system.failure = ZeroDivisionError()

    response = system.ask()

    assert response["statusCode"] == 500
    assert "middleware" not in system.line("gateway failed")


def test_a_middleware_that_answers_by_itself_ends_the_way_to_the_service() -> None:
    system = System({"use": "scripted"}, {"use": "scripted", "does": "answer"})

    response = system.ask()

    assert response["statusCode"] == 418
    assert system.asked == []


def test_a_service_whose_middleware_is_not_installed_is_unavailable() -> None:
    system = System({"use": "elsewhere"})

    response = system.ask()

    assert response["statusCode"] == 503
    assert json.loads(response["body"])["error"] == "service_misconfigured"
    assert system.asked == []
