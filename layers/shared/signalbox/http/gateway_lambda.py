"""The gateway as a Lambda function behind API Gateway."""

import base64
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from signalbox.http.events import (
    HttpApiEvent,
    LambdaResponse,
    base_path,
    event_body,
    request_id,
    request_log_fields,
)
from signalbox.http.gateway import Gateway
from signalbox.http.gateway_request import IncomingRequest
from signalbox.http.gateway_responses import OwnResponse
from signalbox.models.frozen import frozen
from signalbox.models.ids import RequestId
from signalbox.models.service import MAX_LAMBDA_BYTES
from signalbox.services.gateway.bodies import read_body
from signalbox.services.gateway.synchronous import as_coroutine, run_blocking
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_SPARE_SECONDS: Final = 1.0
_COOKIE: Final = "set-cookie"


class ProxiedResponse(LambdaResponse, total=False):
    """A response with several cookies, each of which becomes a `Set-Cookie` header."""

    cookies: list[str]


@frozen
class GatewayHandler:
    """A Lambda handler. Bodies are buffered, as Lambda has no streams for Python."""

    gateway: Gateway

    def __call__(self, event: dict[str, JsonValue], context: "LambdaContext") -> LambdaResponse:
        """Answer one request. It never raises."""
        incoming = to_incoming(
            HttpApiEvent.model_validate(event),
            context.get_remaining_time_in_millis() / 1_000 - _SPARE_SECONDS,
        )
        return run_blocking(self._answer(incoming))

    async def _answer(self, incoming: IncomingRequest) -> LambdaResponse:
        response = await self.gateway(incoming)
        body = await read_body(response.body, MAX_LAMBDA_BYTES)
        return to_lambda_response(response, body, incoming.request_id)


def to_incoming(event: HttpApiEvent, seconds: float) -> IncomingRequest:
    """Return the request of an event."""
    context, base = event.requestContext, base_path(event)

    def read(limit: int) -> bytes:
        return event_body(event, min(limit, MAX_LAMBDA_BYTES))

    return IncomingRequest(
        method=context.http.method,
        path=event.rawPath.removeprefix(base) or "/",
        query=event.rawQueryString,
        fields=_fields(event),
        read_body=as_coroutine(read),
        host=event.headers.get("host") or context.domainName,
        client=context.http.sourceIp,
        seconds=seconds,
        request_id=request_id(event),
        log_fields=request_log_fields(event),
        base=base,
        protocol=context.http.protocol.removeprefix("HTTP/"),
    )


def to_lambda_response(
    response: GatewayResponse, body: bytes, request: RequestId
) -> ProxiedResponse:
    """Return the response for API Gateway.

    Repeated headers become one with commas, except cookies (RFC 9110, 5.3).
    """
    headers: dict[str, str] = {}
    for name, value in response.fields:
        key = name.lower()
        if key != _COOKIE:
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    encoded = bool(body) and not isinstance(response, OwnResponse)
    proxied = ProxiedResponse(
        statusCode=response.status,
        headers={**headers, "x-request-id": request},
        body=base64.b64encode(body).decode() if encoded else body.decode(),
        isBase64Encoded=encoded,
    )
    cookies = list(response.values(_COOKIE))
    if cookies:
        proxied["cookies"] = cookies
    return proxied


def _fields(event: HttpApiEvent) -> HeaderFields:
    """Return the headers; API Gateway takes the cookies out of them."""
    fields = tuple(event.headers.items())
    return (*fields, ("cookie", "; ".join(event.cookies))) if event.cookies else fields
