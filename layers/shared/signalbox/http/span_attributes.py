"""What spans say of requests, by the semantic conventions; imported where spans are recorded.

Queries are left out, since they may have credentials, and so are addresses of clients.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from signalbox.http.events import HttpApiEvent, loggable_path
from signalbox.models.base import JsonObject
from signalbox.models.http_span import describe_method, server_attributes
from signalbox.models.redaction import redacted
from signalbox.models.span import Attribute, Span, SpanKind
from signalbox.models.text import one_line
from signalbox.models.trace_context import TRACEPARENT

if TYPE_CHECKING:
    from signalbox.http.gateway_request import IncomingRequest
    from signalbox.services.gateway.record import GatewayRecord
    from signalbox.services.ports.gateway import HeaderFields

_MAX_AGENT: Final = 200
_MAX_READ: Final = 1_024
_WORD: Final = re.compile(r"[A-Za-z0-9_/.-]{1,64}")


def describe_request(span: Span, event: HttpApiEvent, route: str, status: int) -> None:
    """Describe a request of API Gateway, for a route such as `/api/v1/tasks/{task_id}`.

    What another request made, such as a call of a tool, is internal.
    """
    http = event.requestContext.http
    if isinstance(span.parent, Span):
        span.kind = SpanKind.INTERNAL
    _describe(span, http.method, route, status)
    span.attributes.update(
        {
            "url.path": loggable_path(event.rawPath),
            "url.scheme": event.headers.get("x-forwarded-proto", "https"),
            "network.protocol.version": http.protocol.removeprefix("HTTP/"),
            **server_attributes(event.headers.get("host", "") or event.requestContext.domainName),
        }
    )
    if agent := event.headers.get("user-agent"):
        span.attributes["user_agent.original"] = one_line(redacted(agent[:_MAX_READ]), _MAX_AGENT)


def describe_gateway(incoming: "IncomingRequest", record: "GatewayRecord", status: int) -> None:
    """Describe a request to a service behind the gateway."""
    span, route = record.span, f"/{record.service}/*" if record.service else ""
    _describe(span, incoming.method, route, status)
    facts: dict[str, Attribute | None] = {
        "url.path": loggable_path(incoming.path),
        "url.scheme": incoming.scheme,
        "network.protocol.version": incoming.protocol,
        "http.request.body.size": incoming.bytes.received,
        "http.response.body.size": incoming.bytes.sent,
        "signalbox.request_id": incoming.request_id,
        "signalbox.service": record.service,
        "signalbox.version": record.version,
        "signalbox.principal": record.caller,
        "signalbox.error": record.error,
        "signalbox.middleware": record.middleware,
        "signalbox.cache": record.cache,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    span.attributes.update({**known, **server_attributes(incoming.host)})


def describe_rpc(span: Span, message: JsonObject) -> None:
    """Describe a message of an MCP client.

    https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
    """
    method, parameters = message.get("method"), message.get("params")
    if not isinstance(method, str) or not _WORD.fullmatch(method):
        return
    span.attributes["mcp.method.name"] = method
    tool = parameters.get("name") if isinstance(parameters, dict) else None
    if method == "tools/call" and isinstance(tool, str) and _WORD.fullmatch(tool):
        span.attributes["gen_ai.tool.name"] = tool


def with_span(fields: "HeaderFields", span: Span) -> "HeaderFields":
    """Return the fields of a request that is passed on as a part of the span."""
    others = (field for field in fields if field[0].lower() != TRACEPARENT)
    return (*others, (TRACEPARENT, span.traceparent))


def _describe(span: Span, method: str, route: str, status: int) -> None:
    describe_method(span, method)
    span.attributes["http.response.status_code"] = status
    if route:
        span.name = f"{span.name} {route}"
        span.attributes["http.route"] = route
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.error = span.error or str(status)
