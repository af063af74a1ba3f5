"""The lines of the log as records of OTLP, and what they tell of the span that is under way.

https://opentelemetry.io/docs/specs/otel/logs/data-model/
"""

import logging
import traceback
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from signalbox.models.base import JsonObject
from signalbox.models.frozen import frozen
from signalbox.models.span import CURRENT_SPAN, Attribute, Span
from signalbox.models.trace_context import is_sampled, trace_fields
from signalbox.runtime.json_logs import extra_fields
from signalbox.runtime.otlp.encoding import MAX_TEXT, otlp_attributes, otlp_value

OWN_LOGGER: Final = "signalbox.otlp"
"""Logs what concerns the export itself, which is not exported."""

_SEVERITIES: Final = ((50, 21), (40, 17), (30, 13), (20, 9), (0, 5))
_NANOSECONDS: Final = 1_000_000_000
_IN_CONVENTIONS: Final = frozenset(
    {"method", "path", "route", "status_code", "duration_ms", "trace_id", "span_id"}
)
"""Fields that spans have by the semantic conventions, or that spans are."""


@frozen
class LoggedRecord:
    """A line of the log, and the span that was under way."""

    fields: JsonObject
    span: Span | None

    def encoded(self) -> JsonObject:
        """Return the record, with the ids of its trace if there is one."""
        context = self.span.context if self.span else None
        if context is None:
            return self.fields
        ids = trace_fields(context)
        return {
            **self.fields,
            "traceId": ids["trace_id"],
            "spanId": ids["span_id"],
            "flags": int(is_sampled(context)),
        }


class SpanLogHandler(logging.Handler):
    """Passes the lines of the log on, and adds their fields to the current span."""

    def __init__(self, take: Callable[[LoggedRecord], None]) -> None:
        super().__init__()
        self._take = take

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Take a record. It raises nothing."""
        if record.name == OWN_LOGGER:
            return
        try:
            span, extra = CURRENT_SPAN.get(), extra_fields(record)
            if span:
                span.attributes.update(_span_attributes(extra))
            self._take(LoggedRecord(fields=_encoded(record, extra), span=span))
        except Exception:  # noqa: BLE001  as handlers of the standard library do
            self.handleError(record)


def _span_attributes(extra: dict[str, object]) -> dict[str, Attribute]:
    return {
        f"signalbox.{name}": value
        for name, value in extra.items()
        if isinstance(value, str | int | float) and name not in _IN_CONVENTIONS
    }


def _encoded(record: logging.LogRecord, extra: dict[str, object]) -> JsonObject:
    at = str(int(record.created * _NANOSECONDS))
    attributes: dict[str, object] = {
        **extra,
        "code.function.name": f"{record.module}.{record.funcName}",
        "code.line.number": record.lineno,
    }
    if record.exc_info and record.exc_info[1]:
        error = record.exc_info[1]
        attributes["exception.type"] = type(error).__qualname__
        attributes["exception.stacktrace"] = "".join(traceback.format_exception(error))[-MAX_TEXT:]
    return {
        "timeUnixNano": at,
        "observedTimeUnixNano": at,
        "severityNumber": next(of for level, of in _SEVERITIES if record.levelno >= level),
        "severityText": record.levelname,
        "body": otlp_value(record.getMessage()),
        "attributes": [*otlp_attributes(attributes)],
    }
