"""Middlewares of the gateway without a gateway: their tools, calls, and a service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pydantic import JsonValue

from signalbox.auth.rate_limits import LocalRateLimitBuckets
from signalbox.models.middleware import MiddlewareSpec
from signalbox.models.principal import ANONYMOUS, Principal
from signalbox.models.rate_limits import RateLimitPolicy, RateLimitQuota
from signalbox.models.service import Service
from signalbox.services.gateway.middleware import GatewayCall, Middleware, pipeline
from signalbox.services.gateway.middleware_kind import (
    MiddlewareKind,
    MiddlewareTools,
    SendCopy,
    send_no_copy,
)
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.service_middlewares import parse_options
from signalbox.services.gateway.synchronous import as_coroutine, run_blocking
from signalbox.services.ports.gateway import Body, GatewayResponse, HeaderFields
from tests.builders import a_service
from tests.fakes.clock import FakeClock


def middleware_tools(
    clock: FakeClock | None = None, send_copy: SendCopy = send_no_copy
) -> MiddlewareTools:
    """The tools of a new process."""
    now, buckets = clock or FakeClock(), LocalRateLimitBuckets()

    def take(key: str, policy: RateLimitPolicy) -> RateLimitQuota:
        return buckets.take(key, policy, now())

    return MiddlewareTools(
        clock=now,
        timer=lambda: now().timestamp(),
        random=Random(1),
        take=as_coroutine(take),
        send_copy=send_copy,
    )


def make_middleware(kind: MiddlewareKind[Any], /, **options: JsonValue) -> Middleware:
    """A middleware with these options, in a new process."""
    return make_with(kind, middleware_tools(), **options)


def make_with(
    kind: MiddlewareKind[Any], tools: MiddlewareTools, /, **options: JsonValue
) -> Middleware:
    """A middleware with these tools and options."""
    spec = MiddlewareSpec.model_validate({"use": "tested", **options})
    return kind.create(parse_options(kind, spec), tools)


def a_gateway_call(
    method: str = "GET",
    *fields: tuple[str, str],
    path: str = "/api/orders/42",
    query: str = "",
    body: Body = b"",
    service: Service | None = None,
    client: str = "192.0.2.7",
    caller: Principal = ANONYMOUS,
    added: HeaderFields = (),
) -> GatewayCall:
    """A call that goes to the service `orders`."""
    request = GatewayRequest(
        method=method,
        path=parse_path(path),
        fields=fields,
        query=query,
        body=body,
        client=client,
        host="api.example.com",
    )
    destination = RoutingTable([service or a_service()]).find(request)
    return GatewayCall(
        request=request, destination=destination, seconds=9, caller=caller, added=added
    )


_USUAL = GatewayResponse(status=200, body=b"ok")


@dataclass
class FakeUpstream:
    """The end of a pipeline: answers what it has next, and keeps the calls."""

    answers: list[GatewayResponse | Exception] = field(default_factory=list)
    calls: list[GatewayCall] = field(default_factory=list)

    async def __call__(self, call: GatewayCall) -> GatewayResponse:
        self.calls.append(call)
        answer = self.answers.pop(0) if self.answers else _USUAL
        if isinstance(answer, Exception):
            raise answer
        return answer


def through(
    middleware: Middleware, call: GatewayCall, upstream: FakeUpstream | None = None
) -> GatewayResponse:
    """The response to a call by a middleware before a service."""
    return run_blocking(pipeline([middleware], upstream or FakeUpstream())(call))


def headers_of(response: GatewayResponse) -> Mapping[str, str]:
    """The headers by name; several of one name are one with commas."""
    found: dict[str, str] = {}
    for name, value in response.fields:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found
