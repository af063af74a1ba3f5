"""An endpoint of OTLP that takes only what the official messages can hold, and remembers it."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from tests.fakes.http_server import FakeHttpServer, Received, Reply

_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})
_KINDS: Final[dict[str, Any]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


class OtlpReceiver:
    """A server whose requests are decoded, strictly, when they are looked at."""

    def __init__(self) -> None:
        self.server = FakeHttpServer()
        self.server.usual = Reply(body=b"{}", headers={"connection": "close"})

    @contextmanager
    def running(self) -> Iterator[Self]:
        with self.server.running():
            yield self

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def spans(self) -> list[SpanMessage]:
        groups = [each for one in self._of("/v1/traces") for each in one.resource_spans]
        return [span for group in groups for scope in group.scope_spans for span in scope.spans]

    @property
    def metrics(self) -> list[Metric]:
        groups = [each for one in self._of("/v1/metrics") for each in one.resource_metrics]
        return [each for group in groups for scope in group.scope_metrics for each in scope.metrics]

    @property
    def records(self) -> list[LogRecord]:
        groups = [each for one in self._of("/v1/logs") for each in one.resource_logs]
        return [
            each for group in groups for scope in group.scope_logs for each in scope.log_records
        ]

    @property
    def resource(self) -> dict[str, object]:
        """The attributes of the process that sent the last spans."""
        return attributes_of(self._of("/v1/traces")[-1].resource_spans[-1].resource.attributes)

    def span(self, name: str) -> SpanMessage:
        """The only span with this name."""
        [found] = [span for span in self.spans if span.name == name]
        return found

    def tree(self) -> list[str]:
        """The names of the spans, each with its parents before it, sorted."""
        by_id = {span.span_id: span for span in self.spans}

        def path(span: SpanMessage) -> str:
            parent = by_id.get(span.parent_span_id)
            return f"{path(parent)} > {span.name}" if parent else span.name

        return sorted(path(span) for span in by_id.values())

    def _of(self, path: str) -> list[Any]:
        return [decoded(each) for each in self.server.received if each.path == path]


def decoded(request: Received) -> Any:
    """The message in the body of a request. What has no field there is an error."""
    assert request.headers["content-type"] == "application/json"
    return ParseDict(_with_bytes(json.loads(request.body)), _KINDS[request.path]())


def _with_bytes(value: Any) -> Any:
    """OTLP writes ids as hex, where the JSON of protobuf has base64."""
    if isinstance(value, list):
        return [_with_bytes(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: base64.b64encode(bytes.fromhex(item)).decode() if name in _IDS else _with_bytes(item)
        for name, item in value.items()
    }


def attributes_of(attributes: "list[KeyValue] | Any") -> dict[str, object]:
    """Attributes by name."""
    return {
        each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes
    }
