"""Spans, metrics and log records in the JSON of OTLP: ids as hex, 64-bit numbers as texts.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
"""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from signalbox.models.base import JsonObject
from signalbox.models.frozen import frozen
from signalbox.models.span import Attribute, Span
from signalbox.models.trace_context import trace_fields
from signalbox.runtime.version import VERSION

_SCOPE: Final[JsonObject] = {"name": "signalbox", "version": VERSION}
_ERROR: Final = 2
MAX_TEXT: Final = 4_096
"""How long texts are at most."""

_MAX_VALUES: Final = 128
_SAMPLED: Final = 1
_INT64: Final = 1 << 63


@frozen
class OtlpSignal:
    """One kind of telemetry: its path, and the names of its lists in a request.

    `repeatable` is whether a request may be sent again that may have arrived.
    """

    path: str
    resources: str
    scopes: str
    items: str
    repeatable: bool = True

    def body(self, resource: Mapping[str, Attribute], items: Sequence[JsonObject]) -> bytes:
        """Return the body of a request with these items."""
        scopes = [{"scope": _SCOPE, self.items: items}]
        group = {"resource": {"attributes": otlp_attributes(resource)}, self.scopes: scopes}
        text = json.dumps({self.resources: [group]}, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace")


TRACES: Final = OtlpSignal(
    path="/v1/traces", resources="resourceSpans", scopes="scopeSpans", items="spans"
)
METRICS: Final = OtlpSignal(
    path="/v1/metrics",
    resources="resourceMetrics",
    scopes="scopeMetrics",
    items="metrics",
    repeatable=False,  # what is counted twice is wrong, what is lost is missed
)
LOGS: Final = OtlpSignal(
    path="/v1/logs", resources="resourceLogs", scopes="scopeLogs", items="logRecords"
)


def otlp_attributes(values: Mapping[str, object]) -> list[JsonObject]:
    """Return attributes; what is no text, number or list of them becomes a text."""
    return [{"key": name, "value": otlp_value(value)} for name, value in values.items()]


def otlp_value(value: object) -> JsonObject:
    """Return a value; long texts and lists are cut."""
    match value:
        case bool():
            return {"boolValue": value}
        case int() if -_INT64 <= value < _INT64:
            return {"intValue": str(value)}
        case float() if isfinite(value):
            return {"doubleValue": value}
        case list() | tuple():
            return {"arrayValue": {"values": [otlp_value(item) for item in value[:_MAX_VALUES]]}}
    return {"stringValue": str(value)[:MAX_TEXT]}


def otlp_span(span: Span) -> JsonObject:
    """Return a span that has ended."""
    own = trace_fields(span.traceparent)
    parent = span.parent.traceparent if isinstance(span.parent, Span) else span.parent
    encoded: JsonObject = {
        "traceId": own["trace_id"],
        "spanId": own["span_id"],
        "name": span.name or span.kind.name.lower(),
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.started_at),
        "endTimeUnixNano": str(span.ended_at),
        "flags": _SAMPLED,
    }
    attributes = dict(span.attributes)
    if parent:
        encoded["parentSpanId"] = trace_fields(parent)["span_id"]
    if span.error:
        attributes["error.type"] = span.error
        encoded["status"] = {"code": _ERROR}
    if span.links:
        encoded["links"] = [_link(context) for context in span.links]
    encoded["attributes"] = [*otlp_attributes(attributes)]
    return encoded


def _link(traceparent: str) -> JsonObject:
    linked = trace_fields(traceparent)
    return {"traceId": linked["trace_id"], "spanId": linked["span_id"]}
