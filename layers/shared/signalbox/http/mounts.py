"""Protocols other than the API itself that are mounted at a path of its function, such as MCP.

What a mount does goes through the routes of the API, on behalf of the caller that it authenticated:
with their scopes, validation, audit and logs.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import cast
from urllib.parse import parse_qsl

from pydantic import JsonValue

from signalbox.http.events import LambdaResponse
from signalbox.http.routing import APPLICATION_JSON
from signalbox.models.frozen import frozen
from signalbox.models.ids import RequestId
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest
from signalbox.models.trace_context import TRACEPARENT


@frozen
class ApiCall:
    """A request of the API that a mount makes. `query` is encoded, `body` is JSON."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@frozen
class MountCall:
    """A request at a mounted path.

    `authenticate` returns its caller, counts the request against the limit of the caller, and
    raises Unauthenticated or OverLimit. `perform` returns the response of the API to a request of
    this caller; it never raises.
    """

    request: InboundRequest
    authenticate: Callable[[], Principal]
    perform: Callable[[ApiCall], LambdaResponse]


Mount = Callable[[MountCall], LambdaResponse]
"""Return the response to a request at a mounted path. What it raises becomes a problem."""


def call_event(
    event: Mapping[str, JsonValue], call: ApiCall, request: RequestId
) -> dict[str, JsonValue]:
    """Return the event of a request of the API, made within the request of this event.

    It is a part of the same trace.
    """
    context = cast("dict[str, dict[str, JsonValue]]", event["requestContext"])
    outer = cast("dict[str, JsonValue]", event.get("headers") or {})
    http = {**context["http"], "method": call.method, "path": call.path}
    headers: dict[str, JsonValue] = {
        **call.headers,
        "content-type": APPLICATION_JSON,
        "x-request-id": request,
        **({TRACEPARENT: outer[TRACEPARENT]} if TRACEPARENT in outer else {}),
    }
    return {
        **event,
        "routeKey": "$default",
        "rawPath": call.path,
        "rawQueryString": call.query,
        "queryStringParameters": dict(parse_qsl(call.query, keep_blank_values=True)),
        "pathParameters": None,
        "headers": headers,
        "cookies": [],
        "requestContext": {**context, "http": http},
        "body": call.body,
        "isBase64Encoded": False,
    }
