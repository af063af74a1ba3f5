"""A function logs the lines that Powertools would write."""

import json
import logging
import re
from contextlib import redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from itertools import count as counting
from typing import Any, cast
from unittest.mock import Mock

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.metric import SingleMetric
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.span import Span, SpanKind
from signalbox.runtime.json_logs import JsonFormatter, LineHandler
from signalbox.runtime.telemetry import count, count_together, observe_durations, observe_metrics

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
_numbers = counting()


def ours(stream: StringIO, environment: dict[str, str] | None = None) -> logging.Logger:
    made = logging.getLogger(f"ours-{next(_numbers)}")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("signalbox", environment or {}))
    made.addHandler(handler)
    made.setLevel(logging.INFO)
    return made


def line(log: logging.Logger | Logger, stream: StringIO, *, fails: bool) -> dict[str, Any]:
    """What is logged, without the time."""
    extra = {
        "outcome": "accepted",
        "tasks": ["tsk_1"],
        "reason": "Größe",
        "middleware": None,
        "error": ValueError("odd"),
    }
    if fails:
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            log.exception("webhook", extra=extra)
    else:
        log.info("webhook", extra=extra)
    fields: dict[str, Any] = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}[+-]\d{4}", fields.pop("timestamp"))
    return fields


@pytest.mark.parametrize("fails", [False, True])
def test_a_record_is_the_line_that_powertools_writes_without_the_place_of_what_went_well(
    fails: bool,  # noqa: FBT001  a case
) -> None:
    ours_out, theirs_out = StringIO(), StringIO()
    theirs = Logger(service=f"theirs-{next(_numbers)}", stream=theirs_out)

    mine = line(ours(ours_out), ours_out, fails=fails)
    expected = line(theirs, theirs_out, fails=fails)

    assert mine.pop("service") == "signalbox"
    assert expected.pop("service").startswith("theirs")
    for fields in (mine, expected):
        for frame in fields.get("stack_trace", {}).get("frames", []):
            assert frame["file"].endswith("test_json_logs.py")
    assert ("location" in mine) == fails
    if not fails:
        del expected["location"]
    assert list(mine) == list(expected)
    assert mine == expected


def test_a_record_has_the_trace_of_its_invocation() -> None:
    stream, environment = StringIO(), {"_X_AMZN_TRACE_ID": TRACE}
    log = ours(stream, environment)

    log.info("first")
    environment.clear()
    log.info("second")

    first, second = (json.loads(each) for each in stream.getvalue().splitlines())
    assert first["xray_trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"
    assert "xray_trace_id" not in second


def test_a_record_is_one_write_with_its_line_break() -> None:
    stream = Mock()
    handler = LineHandler(stream)
    handler.setFormatter(JsonFormatter("signalbox", {}))

    handler.handle(logging.makeLogRecord({"msg": "webhook", "levelno": logging.INFO}))

    ((line,),) = [call.args for call in stream.write.call_args_list]
    assert line.endswith("}\n")
    assert json.loads(line)["message"] == "webhook"
    stream.flush.assert_called_once()


def test_a_record_with_a_lone_surrogate_is_written_as_well() -> None:
    stream = TextIOWrapper(BytesIO(), "utf-8")
    handler = LineHandler(stream)
    handler.setFormatter(JsonFormatter("signalbox", {}))

    handler.handle(logging.makeLogRecord({"msg": "Größe \ud800", "levelno": logging.INFO}))

    written = stream.buffer.getvalue()
    assert json.loads(written)["message"] == "Größe \ud800"
    assert "Größe".encode() in written


@given(
    text=st.text(st.characters(codec=None, exclude_categories=())),
    number=st.integers() | st.floats(1e-4, 1e15),
)
def test_a_line_is_what_the_json_of_the_standard_library_is(text: str, number: float) -> None:
    record = logging.makeLogRecord(
        {"levelno": logging.INFO, "msg": text, "number": number, "yes": True}
    )

    line = JsonFormatter("signalbox", {}).format(record)

    fields = json.loads(line)
    assert (fields["message"], fields["number"]) == (text, number)
    assert line == json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def test_a_line_has_values_that_are_no_json_as_texts() -> None:
    odd = {"nan": float("nan"), "set": {1}, "bytes": b"a"}
    record = logging.makeLogRecord({"levelno": logging.INFO, "msg": "odd", **odd})

    line = JsonFormatter("signalbox", {}).format(record)

    assert '"nan":NaN,"set":"{1}","bytes":"b\'a\'"}' in line


def test_a_record_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    stream = Mock(write=Mock(side_effect=BrokenPipeError))

    handled = LineHandler(stream).handle(
        logging.makeLogRecord({"msg": "webhook", "levelno": logging.INFO})
    )

    assert handled


def test_a_metric_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    write = Mock(side_effect=BrokenPipeError)
    monkeypatch.setattr("sys.stdout", Mock(write=write))

    count("Notifications", {})

    write.assert_called_once()


@pytest.mark.parametrize("dimensions", [{}, {"connector": "slack", "outcome": "delivered"}])
def test_a_metric_is_the_line_that_powertools_writes(
    monkeypatch: pytest.MonkeyPatch, dimensions: dict[str, str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "signalbox")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Signalbox/test")
    theirs = SingleMetric()
    theirs.add_metric(name="Notifications", unit=MetricUnit.Count, value=2)
    for name, value in dimensions.items():
        theirs.add_dimension(name=name, value=value)

    with redirect_stdout(StringIO()) as stream:
        count("Notifications", dimensions, 2)

    mine, expected = (
        json.loads(stream.getvalue()),
        json.loads(json.dumps(theirs.serialize_metric_set())),
    )
    assert mine["_aws"].pop("Timestamp") <= expected["_aws"].pop("Timestamp") + 60_000
    assert mine == expected


def test_metrics_of_one_line_keep_their_own_dimensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "signalbox")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Signalbox/test")
    provider = {"provider": "github"}
    counts = [("Requests", {**provider, "outcome": "accepted"}, 1), ("Failed", provider, 0)]

    with redirect_stdout(StringIO()) as stream:
        count_together(counts)

    line = json.loads(stream.getvalue())
    requests, failed = line.pop("_aws")["CloudWatchMetrics"]
    assert requests == {
        "Namespace": "Signalbox/test",
        "Dimensions": [["provider", "outcome", "service"]],
        "Metrics": [{"Name": "Requests", "Unit": "Count"}],
    }
    assert failed == requests | {
        "Dimensions": [["provider", "service"]],
        "Metrics": [{"Name": "Failed", "Unit": "Count"}],
    }
    assert line == {
        "provider": "github",
        "outcome": "accepted",
        "service": "signalbox",
        "Requests": [1.0],
        "Failed": [0.0],
    }


def test_metrics_of_one_line_are_observed_one_by_one() -> None:
    seen: list[tuple[Any, ...]] = []
    observe_metrics(lambda *values: seen.append(values))
    try:
        with redirect_stdout(StringIO()):
            count_together([("Requests", {"outcome": "accepted"}, 1), ("Failed", {}, 0)])
    finally:
        observe_metrics(None)

    assert seen == [
        ({"Requests": [1.0]}, "Count", {"outcome": "accepted"}),
        ({"Failed": [0.0]}, "Count", {}),
    ]


def test_durations_are_the_line_that_powertools_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "signalbox")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Signalbox/test")
    theirs = EphemeralMetrics()
    for name, value in {"Total": 12.3, "Instance": 10.0}.items():
        theirs.add_metric(name=name, unit=MetricUnit.Milliseconds, value=value)
    theirs.add_dimension(name="route", value="r")

    with redirect_stdout(StringIO()) as stream:
        observe_durations({"route": "r"}, {"Total": 12.34, "Instance": 10})

    mine, expected = (
        json.loads(stream.getvalue()),
        cast("dict[str, Any]", theirs.serialize_metric_set()),
    )
    del mine["_aws"]["Timestamp"], expected["_aws"]["Timestamp"]
    assert mine == expected


def test_a_record_has_the_trace_of_the_span_that_is_under_way() -> None:
    stream = StringIO()
    log = ours(stream)

    with Span(SpanKind.SERVER, parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        log.info("first")
    with Span(SpanKind.SERVER):
        log.info("second")

    first, second = (json.loads(each) for each in stream.getvalue().splitlines())
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert first["span_id"] == "b7ad6b7169203331"
    assert "trace_id" not in second
