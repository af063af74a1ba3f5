"""Requests as events of API Gateway (payload 2.0), and the responses of functions as messages.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from pydantic import Field

from cli.server.route_table import decoded_path
from signalbox.models.base import PartialModel
from signalbox.models.request import media_type_of

if TYPE_CHECKING:
    from datetime import datetime

    from cli.server.route_table import MatchedRoute
    from signalbox.http.asgi_messages import AsgiMessage
    from signalbox.http.gateway_request import IncomingRequest

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""What API Gateway takes; the limit of webhooks is below it."""

_TEXTS: Final = frozenset({"application/json", "application/xml", "application/javascript"})
_NO_LENGTH: Final = frozenset({204, 304})
_REPLACED: Final = frozenset({"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "cookie"})


class FunctionResponse(PartialModel):
    """What a function answers to API Gateway."""

    statusCode: int  # noqa: N815  as API Gateway reads it
    headers: dict[str, str] = Field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: str = ""
    isBase64Encoded: bool = False  # noqa: N815  as API Gateway reads it


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerResponse:
    """A response of the server."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    closes: bool = False


def http_event(
    incoming: IncomingRequest, body: bytes, route: MatchedRoute, now: datetime
) -> dict[str, object]:
    """Return the event of a request. Bytes that are no text, or not labelled as one, are base64."""
    headers = _headers(incoming)
    text, is_encoded = _text_of(body, headers.get("content-type", ""))
    path = decoded_path(incoming.path)
    query = dict(parse_qsl(incoming.query, keep_blank_values=True))
    cookies = [value for name, value in incoming.fields if name.lower() == "cookie"]
    return {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": incoming.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "server",
            "domainName": incoming.host.partition(":")[0],
            "http": {
                "method": incoming.method,
                "path": path,
                "protocol": f"HTTP/{incoming.protocol}",
                "sourceIp": incoming.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid4().hex,
            "routeKey": route.key,
            "stage": "$default",
            "timeEpoch": int(now.timestamp() * 1_000),
        },
        "isBase64Encoded": is_encoded,
        **({"body": text} if body else {}),
        **({"queryStringParameters": query} if query else {}),
        **({"pathParameters": dict(route.parameters)} if route.parameters else {}),
        **({"cookies": [c.strip() for v in cookies for c in v.split(";")]} if cookies else {}),
    }


def server_response(answer: object) -> ServerResponse:
    """Return the response that a function gave.

    Raises:
        ValueError: It gave none.
    """
    found = FunctionResponse.model_validate(answer)
    body = base64.b64decode(found.body) if found.isBase64Encoded else found.body.encode()
    cookies = (("set-cookie", cookie) for cookie in found.cookies)
    fields = tuple((name.lower(), value) for name, value in found.headers.items())
    return ServerResponse(status=found.statusCode, fields=(*fields, *cookies), body=body)


def message_response(status: int, message: str, *, closes: bool = False) -> ServerResponse:
    """Return a response of the front itself, in the form of API Gateway."""
    fields = (("content-type", "application/json"),)
    body = f'{{"message":"{message}"}}'.encode()
    return ServerResponse(status=status, fields=fields, body=body, closes=closes)


def response_messages(
    response: ServerResponse, method: str, *, closes: bool = False
) -> tuple[AsgiMessage, AsgiMessage]:
    """Return the messages of ASGI for a response."""
    fields = [(name, value) for name, value in response.fields if name != "content-length"]
    if response.status not in _NO_LENGTH:
        fields.append(("content-length", str(len(response.body))))
    fields.append(("date", formatdate(usegmt=True)))
    if closes or response.closes:
        fields.append(("connection", "close"))
    head = {
        "type": "http.response.start",
        "status": response.status,
        "headers": [(name.encode("latin-1"), value.encode("utf-8")) for name, value in fields],
    }
    body = b"" if method == "HEAD" or response.status in _NO_LENGTH else response.body
    return head, {"type": "http.response.body", "body": body, "more_body": False}


def _headers(incoming: IncomingRequest) -> dict[str, str]:
    """Return the headers: names in lower case, repeated ones joined, those of the hop replaced."""
    headers: dict[str, str] = {}
    forwarded = []
    for name, value in incoming.fields:
        key = name.lower()
        if key == "x-forwarded-for":
            forwarded.append(value)
        elif key not in _REPLACED:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    headers["x-forwarded-for"] = ", ".join([*forwarded, incoming.client])
    headers["x-forwarded-port"] = str(incoming.port)
    headers["x-forwarded-proto"] = incoming.scheme
    return headers


def _text_of(body: bytes, content_type: str) -> tuple[str, bool]:
    media = media_type_of(content_type)
    if media.startswith("text/") or media in _TEXTS:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # API Gateway would replace bytes; signatures are over those that were sent
    return base64.b64encode(body).decode(), True
