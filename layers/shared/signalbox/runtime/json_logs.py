"""The log of a function: one JSON object in a line for each record, as Powertools writes them.

Only warnings and errors have their place in the code. Powertools itself is 50 modules of each
start, for what is below.
"""

import json
import logging
import time
import traceback
from collections.abc import Mapping
from typing import Final, TextIO

from pydantic_core import PydanticSerializationError, to_json
from typing_extensions import override

from signalbox.models.span import CURRENT_SPAN
from signalbox.models.trace_context import trace_fields

_OWN_FIELDS: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
)
"""The fields of every record; all others were given as `extra`."""

_PLAIN: Final = frozenset({str, int, float, bool})
"""What pydantic writes as the encoder of the standard library does, in a third of the time."""


class JsonFormatter(logging.Formatter):
    """Formats records; fields that are None are left out.

    `service` is in each of them; the traces are that of the invocation, for X-Ray, and that of the
    span which is under way.
    """

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._service = service
        self._environment = environment
        encoder = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False)
        self._encode = encoder.encode

    @override
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {"level": record.levelname}
        if record.levelno >= logging.WARNING:  # logs are billed by the byte
            fields["location"] = f"{record.funcName}:{record.lineno}"
        fields["message"] = record.getMessage()
        fields["timestamp"] = _timestamp(record.created)
        fields["service"] = self._service
        trace = self._environment.get("_X_AMZN_TRACE_ID", "").partition(";")[0]
        if trace:
            fields["xray_trace_id"] = trace.removeprefix("Root=")
        span = CURRENT_SPAN.get()
        if span and (span.own or span.parent) and (context := span.context):
            fields |= trace_fields(context)
        fields |= extra_fields(record)
        if record.exc_info and record.exc_info[1]:
            fields |= _exception_fields(record.exc_info[1])
        return self._line(fields)

    def _line(self, fields: Mapping[str, object]) -> str:
        if not _PLAIN.issuperset(map(type, fields.values())):
            return self._encode(fields)
        try:
            return to_json(fields).decode()
        except PydanticSerializationError:  # of a lone surrogate
            return self._encode(fields)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes each record in one write, which threads need no lock for. It has no filters.

    A lone surrogate, which UTF-8 does not have, is written as JSON escapes it.
    """

    @override
    def handle(self, record: logging.LogRecord) -> bool:
        try:
            line = self.format(record)
            if not line.isascii():
                line = line.encode(errors="backslashreplace").decode()
            self.stream.write(f"{line}\n")
            self.stream.flush()
        except Exception:  # noqa: BLE001  as in any handler: what cannot be logged stops nothing
            self.handleError(record)
        return True


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return the fields that a record was given, without those that are None."""
    fields = {}
    for key, value in vars(record).items():  # a comprehension would be one more call of each line
        if key not in _OWN_FIELDS and value is not None:
            fields[key] = value  # noqa: PERF403  see above
    return fields


def _timestamp(seconds: float) -> str:
    local = time.localtime(seconds)
    milliseconds = int(seconds * 1_000) % 1_000
    return time.strftime(f"%Y-%m-%d %H:%M:%S,{milliseconds:03}%z", local)


def _exception_fields(error: BaseException) -> dict[str, object]:
    frames = [
        {"file": at.filename, "line": at.lineno, "function": at.name, "statement": at.line or ""}
        for at in traceback.extract_tb(error.__traceback__)
    ]
    kind = type(error)
    return {
        "exception": "".join(traceback.format_exception(error)).rstrip("\n"),
        "exception_name": kind.__name__,
        "stack_trace": {
            "type": kind.__name__,
            "value": str(error),
            "module": kind.__module__,
            "frames": frames,
        },
    }
