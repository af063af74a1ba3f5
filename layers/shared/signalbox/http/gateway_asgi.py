"""The gateway as an ASGI 3 application, for a server that is kept: bodies are streamed."""

import asyncio
import re
from email.utils import formatdate
from typing import Final, cast

from signalbox.http.asgi_body import ReceivedBody
from signalbox.http.asgi_lifespan import LifespanStep, answer_lifespan
from signalbox.http.asgi_messages import AsgiMessage, HttpScope, Receive, Send
from signalbox.http.asgi_request import asgi_request
from signalbox.http.gateway import Gateway
from signalbox.http.gateway_request import IncomingRequest
from signalbox.http.gateway_responses import OwnResponse, own_json_response, problem
from signalbox.http.schemas.health import HealthResponse
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import ClientLeft, HttpVersionUnsupported
from signalbox.services.gateway.bodies import body_length, close_body
from signalbox.services.ports.gateway import GatewayResponse
from signalbox.services.ports.time import Clock

_HEALTH: Final = "/health"
_NO_LENGTH: Final = frozenset({204, 304})
_CLOSING: Final = frozenset({400, 505})
"""After these the rest of what came on the connection could be anything."""

_VERSION: Final = re.compile(r"1\.[0-9]|2|3")
_WEBSOCKET_REFUSAL: Final = 501


@frozen
class AsgiGateway:
    """An application. `begin` and `end` run before its first and after its last request.

    The `X-Forwarded-For` of peers in `trusted_proxies` is believed, by default of none.
    """

    gateway: Gateway
    clock: Clock
    begin: LifespanStep
    end: LifespanStep
    trusted_proxies: tuple[str, ...] = ()

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            SignalboxError: The response broke off, so the server is to close the connection.
        """
        if scope["type"] == "http":
            request = asgi_request(cast("HttpScope", scope), receive, self.trusted_proxies)
            await self.answer(*request, send)
        elif scope["type"] == "lifespan":
            await answer_lifespan(receive, send, self.begin, self.end)
        else:
            await _refuse_websocket(scope, send)

    async def answer(self, incoming: IncomingRequest, body: ReceivedBody, send: Send) -> None:
        """Answer a request that is parsed, and cancel it when its client leaves.

        Raises:
            SignalboxError: The response broke off, so the server is to close the connection.
        """
        body.begin_watch()
        try:
            await self._answer(incoming, body, send)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not body.end_watch() or task is None or task.uncancel():
                raise
        except ClientLeft:
            pass  # nobody is there to be answered
        finally:
            body.end_watch()

    async def _answer(self, incoming: IncomingRequest, body: ReceivedBody, send: Send) -> None:
        if incoming.path == _HEALTH and incoming.method in ("GET", "HEAD"):
            response: GatewayResponse = self._health(incoming)
        elif not _VERSION.fullmatch(incoming.protocol):
            unsupported = HttpVersionUnsupported("HTTP/1.0 and HTTP/1.1 are spoken here")
            response = problem(unsupported, incoming.request_id, None)
        else:
            response = await self.gateway(incoming)
        try:
            refused = isinstance(response, OwnResponse) and response.status in _CLOSING
            await _send_response(response, incoming, send, closes=refused or not body.is_ended)
        finally:
            await close_body(response.body)

    def _health(self, incoming: IncomingRequest) -> OwnResponse:
        health = HealthResponse(version=self.gateway.version, time=self.clock())
        return own_json_response(health.model_dump_json(), incoming.request_id)


async def _send_response(
    response: GatewayResponse, incoming: IncomingRequest, send: Send, *, closes: bool
) -> None:
    """Send a response; a stream as fast as the client takes it.

    Raises:
        ClientLeft: The client has closed its connection.
        SignalboxError: The body broke off.
    """
    try:
        await send(_head(response, incoming, closes=closes))
        if isinstance(response.body, bytes):
            is_bare = incoming.method == "HEAD"
            await send(_piece(b"" if is_bare else response.body, more=False))
            return
        async for piece in response.body:
            await send(_piece(piece, more=True))
        await send(_piece(b"", more=False))
    except OSError:
        raise ClientLeft("the client left before it had the response") from None


def _head(response: GatewayResponse, incoming: IncomingRequest, *, closes: bool) -> AsgiMessage:
    """Return the head of a response. What was not read of a request is no other request."""
    fields = [(n, value) for n, value in response.fields if n.lower() != "x-request-id"]
    names = {name.lower() for name, _ in fields}
    fields.append(("x-request-id", incoming.request_id))
    length = body_length(response.body)
    has_length = response.status not in _NO_LENGTH and incoming.method != "HEAD"
    if has_length and length is not None:
        fields.append(("content-length", str(length)))
    if "date" not in names:
        fields.append(("date", formatdate(usegmt=True)))
    if closes:
        fields.append(("connection", "close"))
    return {
        "type": "http.response.start",
        "status": response.status,
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields
        ],
    }


def _piece(body: bytes, *, more: bool) -> AsgiMessage:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _refuse_websocket(scope: AsgiMessage, send: Send) -> None:
    """Refuse a WebSocket: with a response if the server can send one."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1011})
        return
    start = {"type": "websocket.http.response.start", "status": _WEBSOCKET_REFUSAL, "headers": []}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": b"", "more_body": False})
