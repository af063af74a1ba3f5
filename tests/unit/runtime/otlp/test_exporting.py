import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from signalbox.models.span import Span, SpanKind
from signalbox.models.trace_context import is_sampled, traceparent_of
from signalbox.runtime.telemetry import (
    begin_export,
    count,
    end_export,
    exported,
    is_exporting,
    logger,
)
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.http_server import Fault, Reply
from tests.fakes.otlp_receiver import OtlpReceiver, attributes_of

Set = Callable[..., None]


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver().running() as running:
        yield running


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, receiver: OtlpReceiver) -> Iterator[Set]:
    """Set variables of a process that exports; everything ends with the test."""

    def set_(**more: str) -> None:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
        for name, value in {**endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "10000", **more}.items():
            monkeypatch.setenv(name, value)

    yield set_
    end_export()


def handle(event: Any, _context: object) -> str:
    with Span(SpanKind.SERVER, "GET /") as span:
        logger().info("request", extra={"status_code": 200, "outcome": "fine", "tasks": [1]})
        count("Requests", {"outcome": "fine"})
        if event == "odd":
            raise ValueError(event)
        return span.name


def context(timeout: int = 60) -> FakeContext:
    return FakeContext(FakeClock(), timeout=timeout)


def no_headers() -> list[str]:
    return []


def test_without_an_endpoint_a_handler_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")

    assert exported(handle, "http", no_headers) is handle
    assert not is_exporting()


def test_a_function_has_sent_everything_when_it_answers(
    receiver: OtlpReceiver, variables: Set
) -> None:
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Api")

    handler = exported(handle, "http", no_headers)
    answers = [handler({}, context()) for _ in range(2)]

    assert answers == ["GET /"] * 2
    first, second = (attributes_of(span.attributes) for span in receiver.spans)
    assert (first["faas.coldstart"], second["faas.coldstart"]) == (True, False)
    assert first["faas.trigger"] == "http"
    assert first["signalbox.outcome"] == "fine"
    assert "signalbox.status_code" not in first
    assert [metric.name for metric in receiver.metrics] == ["signalbox.requests"] * 2
    assert [record.body.string_value for record in receiver.records] == ["request"] * 2
    assert [record.span_id for record in receiver.records] == [
        span.span_id for span in receiver.spans
    ]


def test_a_function_that_fails_exports_and_fails(receiver: OtlpReceiver, variables: Set) -> None:
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Api")
    handler = exported(handle, "http", no_headers)

    with pytest.raises(ValueError, match="odd"):
        handler("odd", context())

    [span] = receiver.spans
    assert attributes_of(span.attributes)["error.type"] == "ValueError"
    assert span.status.code == 2


def test_without_time_left_nothing_is_waited_for(receiver: OtlpReceiver, variables: Set) -> None:
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Api")
    handler = exported(handle, "http", no_headers)

    assert handler({}, context(timeout=0)) == "GET /"

    assert receiver.server.received == []


def test_an_endpoint_that_hangs_does_not_change_the_answer(
    receiver: OtlpReceiver, variables: Set
) -> None:
    receiver.server.usual = Reply(fault=Fault.HANG)
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Api", OTEL_EXPORTER_OTLP_TIMEOUT="1")
    handler = exported(handle, "http", no_headers)

    assert [handler({}, context()) for _ in range(3)] == ["GET /"] * 3


def test_a_run_by_timer_is_a_span(receiver: OtlpReceiver, variables: Set) -> None:
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Maintenance")

    exported(lambda *_: None, "timer", no_headers)({}, context())

    [span] = receiver.spans
    assert (span.name, span.kind) == ("function", 2)


def test_a_process_that_is_kept_sends_what_is_left_when_it_ends(
    receiver: OtlpReceiver, variables: Set
) -> None:
    variables()
    begin_export(no_headers)
    assert exported(handle, "http", no_headers) is handle

    handle({}, context())
    end_export()

    assert [span.name for span in receiver.spans] == ["GET /"]
    assert "faas.name" not in receiver.resource
    handle({}, context())
    assert len(receiver.spans) == 1


def test_a_share_of_the_traces_is_sampled(receiver: OtlpReceiver, variables: Set) -> None:
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Api", OTEL_TRACES_SAMPLER_ARG="0")
    handler = exported(handle, "http", no_headers)

    handler({}, context())

    assert receiver.spans == []
    assert [record.flags for record in receiver.records] == [0]
    assert not is_sampled(traceparent_of("dlv_1"))
    end_export()
    assert is_sampled(traceparent_of("dlv_1"))


@pytest.mark.parametrize("endpoint", ["https://user:word@collector", "https://collector:word"])
def test_settings_that_make_no_sense_are_logged_and_work_goes_on(
    variables: Set, caplog: pytest.LogCaptureFixture, endpoint: str
) -> None:
    variables(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)

    assert exported(handle, "http", no_headers)({}, context()) == "GET /"

    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.message == "telemetry is not exported"
    assert "word" not in str(vars(record))


def test_an_exception_is_exported_with_its_kind(receiver: OtlpReceiver, variables: Set) -> None:
    variables(AWS_LAMBDA_FUNCTION_NAME="box-Api")

    def fails(_event: object, _context: object) -> None:
        try:
            json.loads("nonsense")
        except ValueError:
            logger().exception("not understood")

    exported(fails, "http", no_headers)({}, context())

    [record] = receiver.records
    attributes = attributes_of(record.attributes)
    assert (record.severity_number, attributes["exception.type"]) == (17, "JSONDecodeError")
    assert "test_exporting.py" in str(attributes["exception.stacktrace"])
    assert attributes["code.function.name"] == "test_exporting.fails"
