"""The functions that answer HTTP, as one ASGI application; the gateway's requests are streamed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from cli.server.functions import GATEWAY_FUNCTION
from cli.server.http_events import (
    MAX_BODY_BYTES,
    ServerResponse,
    http_event,
    message_response,
    response_messages,
)
from signalbox.http.asgi_lifespan import answer_lifespan
from signalbox.http.asgi_request import asgi_request
from signalbox.http.schemas.health import HealthResponse
from signalbox.models.errors import PayloadTooLarge
from signalbox.models.gateway_errors import ClientLeft, RequestTimeout
from signalbox.runtime.version import VERSION
from signalbox.services.gateway.bodies import read_body

if TYPE_CHECKING:
    from cli.server.invoker import FunctionCaller
    from cli.server.readiness import Readiness
    from cli.server.route_table import RouteTable
    from signalbox.http.asgi_lifespan import LifespanStep
    from signalbox.http.asgi_messages import AsgiMessage, HttpScope, Receive, Send
    from signalbox.http.gateway_asgi import AsgiGateway
    from signalbox.http.gateway_request import IncomingRequest
    from signalbox.services.ports.time import Clock

_HEALTH: Final = "/health"
_READY: Final = "/ready"
_READS: Final = frozenset({"GET", "HEAD"})
_NOT_IMPLEMENTED: Final = 1011


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerApplication:
    """An application. `begin` and `end` run before its first and after its last request.

    A server that only polls has no routes and no gateway, and answers health and readiness.
    """

    routes: RouteTable
    call: FunctionCaller
    readiness: Readiness
    clock: Clock
    begin: LifespanStep
    end: LifespanStep
    gateway: AsgiGateway | None = None
    trusted_proxies: tuple[str, ...] = ()

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            await self._http(cast("HttpScope", scope), receive, send)
        elif scope["type"] == "lifespan":
            await answer_lifespan(receive, send, self.begin, self.end)
        else:
            await send({"type": "websocket.close", "code": _NOT_IMPLEMENTED})

    async def _http(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        incoming, body = asgi_request(scope, receive, self.trusted_proxies)
        route = self.routes.match(incoming.method, incoming.path)
        own = await self._own_response(incoming)
        if own is None and route and route.function == GATEWAY_FUNCTION and self.gateway:
            await self.gateway.answer(incoming, body, send)
            return
        try:
            if own is None and route:
                content = await read_body(await incoming.read_body(MAX_BODY_BYTES), MAX_BODY_BYTES)
                event = http_event(incoming, content, route, self.clock())
                own = await self.call(route.function, event)
        except PayloadTooLarge:
            own = message_response(413, "Request Entity Too Large", closes=True)
        except RequestTimeout:
            own = message_response(408, "Request Timeout", closes=True)
        except ClientLeft:
            return
        response = own or message_response(404, "Not Found")
        for message in response_messages(response, incoming.method, closes=not body.is_ended):
            await send(message)

    async def _own_response(self, incoming: IncomingRequest) -> ServerResponse | None:
        """Return the response to a question about the process; None to any other request."""
        if incoming.method not in _READS or incoming.path not in (_HEALTH, _READY):
            return None
        status = 200
        if incoming.path == _HEALTH:
            text = HealthResponse(version=VERSION, time=self.clock()).model_dump_json()
        else:
            ready = await asyncio.to_thread(self.readiness)
            text, status = ready.model_dump_json(), 200 if ready.status == "ok" else 503
        fields = (
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-request-id", incoming.request_id),
        )
        return ServerResponse(status=status, fields=fields, body=text.encode())
