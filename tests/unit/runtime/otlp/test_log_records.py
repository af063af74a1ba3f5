import logging
from typing import Any

import pytest

from signalbox.models.span import Span, SpanKind
from signalbox.runtime.otlp.encoding import otlp_value
from signalbox.runtime.otlp.log_records import OWN_LOGGER, LoggedRecord, SpanLogHandler

SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def a_record(name: str = "signalbox", *args: object, **extra: object) -> logging.LogRecord:
    message = "value %d" if args else "request"
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, None)
    vars(record).update(extra)
    return record


def test_the_fields_of_a_line_are_attributes_of_the_span_that_is_under_way() -> None:
    taken: list[LoggedRecord] = []
    handler = SpanLogHandler(taken.append)

    with Span(SpanKind.SERVER, parent=SENT) as span:
        handler.emit(a_record(task_id="tsk_1", tasks=[1, 2], status_code=200, reason=None))

    assert span.attributes == {"signalbox.task_id": "tsk_1"}
    [record] = taken
    encoded = record.encoded()
    assert (encoded["severityText"], encoded["severityNumber"]) == ("WARNING", 13)
    assert (encoded["traceId"], encoded["spanId"]) == (SENT.split("-")[1], SENT.split("-")[2])
    assert {"key": "tasks", "value": otlp_value([1, 2])} in encoded["attributes"]  # type: ignore[operator]  # a list


def test_long_lines_are_cut_and_of_a_traceback_the_end_stays() -> None:
    taken: list[LoggedRecord] = []
    record = a_record(tasks=["tsk_1"] * 5_000)
    record.msg = "x" * 10_000
    error = ValueError("y" * 10_000 + " is the reason")
    record.exc_info = (ValueError, error, None)

    SpanLogHandler(taken.append).emit(record)

    encoded: Any = taken[0].encoded()
    attributes = {each["key"]: each["value"] for each in encoded["attributes"]}
    assert len(encoded["body"]["stringValue"]) == 4_096
    assert len(attributes["tasks"]["arrayValue"]["values"]) == 128
    assert attributes["exception.stacktrace"]["stringValue"].endswith("is the reason\n")
    assert len(attributes["exception.stacktrace"]["stringValue"]) == 4_096


def test_a_line_outside_of_a_span_has_no_trace() -> None:
    taken: list[LoggedRecord] = []

    SpanLogHandler(taken.append).emit(a_record())

    assert "traceId" not in taken[0].encoded()


def test_lines_about_the_export_are_not_exported() -> None:
    taken: list[LoggedRecord] = []

    SpanLogHandler(taken.append).emit(a_record(OWN_LOGGER))

    assert taken == []


def test_a_line_that_cannot_be_written_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    taken: list[LoggedRecord] = []

    SpanLogHandler(taken.append).emit(a_record("signalbox", "no number"))

    assert taken == []


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (True, {"boolValue": True}),
        (1, {"intValue": "1"}),
        (1 << 63, {"stringValue": str(1 << 63)}),
        (0.5, {"doubleValue": 0.5}),
        (float("nan"), {"stringValue": "nan"}),
        ("x" * 5_000, {"stringValue": "x" * 4_096}),
        (("a", 1), {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}}),
        ({"a": 1}, {"stringValue": "{'a': 1}"}),
    ],
)
def test_a_value_is_one_that_the_protocol_can_hold(value: object, encoded: object) -> None:
    assert otlp_value(value) == encoded
