import logging
from collections.abc import Iterator, Sequence
from threading import Event, Thread
from typing import Any

import pytest

from signalbox.models.base import JsonObject
from signalbox.models.span import Span, SpanKind, record_spans
from signalbox.models.trace_context import traceparent_of
from signalbox.runtime.otlp.encoding import OtlpSignal
from signalbox.runtime.otlp.log_records import LoggedRecord
from signalbox.runtime.otlp.pipeline import MAX_WAITING, TelemetryPipeline
from signalbox.runtime.otlp.sender import ExportOutcome, SendResponse

ACCEPTED = SendResponse(outcome=ExportOutcome.ACCEPTED)
PATIENCE = 20.0
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


class FakeEndpoint:
    """Answers what its script has, then accepts all."""

    def __init__(self, *script: ExportOutcome) -> None:
        self.script = list(script)
        self.requests: list[tuple[str, list[Any]]] = []

    def __call__(self, signal: OtlpSignal, items: Sequence[JsonObject]) -> SendResponse:
        self.requests.append((signal.items, list(items)))
        if not self.script:
            return ACCEPTED
        return SendResponse(outcome=self.script.pop(0), reason="it does not want to")

    def sent(self, kind: str) -> list[Any]:
        return [item for name, items in self.requests for item in items if name == kind]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_pipeline(endpoint: Any, clock: Clock) -> TelemetryPipeline:
    pipeline = TelemetryPipeline(endpoint, now=clock)
    record_spans(pipeline.add_span)
    return pipeline


@pytest.fixture(autouse=True)
def unrecorded() -> Iterator[None]:
    yield
    record_spans(None)


def test_what_was_collected_is_sent_by_a_flush(clock: Clock) -> None:
    endpoint = FakeEndpoint()
    pipeline = a_pipeline(endpoint, clock)
    with Span(SpanKind.SERVER, "GET /"):
        pass
    pipeline.metrics.add({"MessagesFailed": [1.0]}, "Count", {})
    pipeline.add_record(LoggedRecord(fields={"severityText": "INFO"}, span=None))

    assert pipeline.flush(PATIENCE)
    assert pipeline.flush(PATIENCE)

    assert [name for name, _ in endpoint.requests] == ["spans", "metrics", "logRecords"]
    assert [span["name"] for span in endpoint.sent("spans")] == ["GET /"]


def test_spans_of_a_trace_that_is_not_sampled_are_not_sent(clock: Clock) -> None:
    endpoint = FakeEndpoint()
    pipeline = a_pipeline(endpoint, clock)
    with Span(SpanKind.SERVER, parent=UNSAMPLED) as outer, Span(SpanKind.CLIENT, parent=outer):
        pass

    pipeline.flush(PATIENCE)

    assert endpoint.requests == []


def test_a_span_waits_until_its_trace_is_known(clock: Clock) -> None:
    endpoint = FakeEndpoint()
    pipeline = a_pipeline(endpoint, clock)
    outer = Span(SpanKind.SERVER, "outer")
    with Span(SpanKind.INTERNAL, "inner", parent=outer) as inner:
        pipeline.add_record(LoggedRecord(fields={}, span=inner))

    pipeline.flush(PATIENCE)
    before = list(endpoint.requests)
    outer.begin(traceparent_of("dlv_1"))
    outer.end()
    pipeline.flush(PATIENCE)

    assert before == []
    trace = traceparent_of("dlv_1").split("-")[1]
    assert {span["name"]: span["traceId"] for span in endpoint.sent("spans")} == {
        "outer": trace,
        "inner": trace,
    }
    assert [record["traceId"] for record in endpoint.sent("logRecords")] == [trace]


def test_what_an_endpoint_has_not_taken_is_sent_again_after_a_pause(clock: Clock) -> None:
    endpoint = FakeEndpoint(ExportOutcome.UNAVAILABLE)
    pipeline = a_pipeline(endpoint, clock)
    Span(SpanKind.SERVER, "first").end()
    pipeline.flush(PATIENCE)
    Span(SpanKind.SERVER, "second").end()

    assert not pipeline.flush(PATIENCE)
    in_pause = len(endpoint.requests)
    clock.seconds += 60
    assert pipeline.flush(PATIENCE)

    assert in_pause == 1
    assert [span["name"] for span in endpoint.requests[-1][1]] == ["first", "second"]


def test_what_an_endpoint_refuses_is_dropped(clock: Clock) -> None:
    endpoint = FakeEndpoint(ExportOutcome.REFUSED)
    pipeline = a_pipeline(endpoint, clock)
    Span(SpanKind.SERVER, "first").end()

    pipeline.flush(PATIENCE)
    clock.seconds += 60
    pipeline.flush(PATIENCE)

    assert len(endpoint.requests) == 1


def test_without_an_answer_spans_are_sent_again_and_metrics_are_not(clock: Clock) -> None:
    endpoint = FakeEndpoint(ExportOutcome.UNKNOWN, ExportOutcome.UNKNOWN)
    pipeline = a_pipeline(endpoint, clock)
    Span(SpanKind.SERVER, "first").end()
    pipeline.metrics.add({"MessagesFailed": [1.0]}, "Count", {})

    pipeline.flush(PATIENCE)
    clock.seconds += 60
    pipeline.flush(PATIENCE)

    assert [name for name, _ in endpoint.requests] == ["spans", "metrics", "spans"]


def test_pauses_grow_up_to_a_minute(clock: Clock) -> None:
    endpoint = FakeEndpoint(*[ExportOutcome.UNAVAILABLE] * 10)
    pipeline = a_pipeline(endpoint, clock)
    Span(SpanKind.SERVER, "first").end()
    pipeline.flush(PATIENCE)

    clock.seconds += 2
    after_two_seconds = pipeline.flush(PATIENCE)
    for _ in range(8):
        clock.seconds += 60
        pipeline.flush(PATIENCE)
    clock.seconds += 44
    too_early = pipeline.flush(PATIENCE)
    clock.seconds += 16

    assert (after_two_seconds, too_early, pipeline.flush(PATIENCE)) == (True, False, True)
    assert len(endpoint.requests) == 11


def test_only_the_latest_items_wait(clock: Clock) -> None:
    endpoint = FakeEndpoint()
    pipeline = a_pipeline(endpoint, clock)
    for number in range(MAX_WAITING + 10):
        Span(SpanKind.SERVER, str(number)).end()

    pipeline.flush(PATIENCE)

    names = [span["name"] for span in endpoint.sent("spans")]
    assert (len(names), names[0]) == (MAX_WAITING, "10")
    assert max(len(items) for _, items in endpoint.requests) == 512


def test_an_endpoint_that_hangs_is_waited_for_once(clock: Clock) -> None:
    hanging, entered = Event(), Event()

    def hang(_signal: OtlpSignal, _items: Sequence[JsonObject]) -> SendResponse:
        entered.set()
        hanging.wait(PATIENCE)
        return ACCEPTED

    pipeline = a_pipeline(hang, clock)
    Span(SpanKind.SERVER, "first").end()

    first = pipeline.flush(0.0)
    entered.wait(PATIENCE)
    second = pipeline.flush(PATIENCE)
    hanging.set()

    assert (first, second) == (False, False)


def test_a_failure_of_our_own_is_logged_and_the_thread_goes_on(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [ValueError("a secret")]
    endpoint = FakeEndpoint()

    def fails(signal: OtlpSignal, items: Sequence[JsonObject]) -> SendResponse:
        if failures:
            raise failures.pop()
        return endpoint(signal, items)

    pipeline = a_pipeline(fails, clock)
    Span(SpanKind.SERVER, "first").end()
    with caplog.at_level(logging.WARNING):
        pipeline.flush(PATIENCE)
    clock.seconds += 60
    Span(SpanKind.SERVER, "second").end()

    assert pipeline.flush(PATIENCE)
    assert [span["name"] for span in endpoint.sent("spans")] == ["second"]
    [record] = caplog.records
    assert (record.message, vars(record)["reason"]) == ("telemetry not exported", "ValueError")


def test_a_thread_that_cannot_start_fails_nothing(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    endpoint = FakeEndpoint()
    pipeline = a_pipeline(endpoint, clock)
    Span(SpanKind.SERVER, "first").end()
    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr(Thread, "start", refuse)
        without_thread = pipeline.flush(PATIENCE)
    clock.seconds += 60

    assert not without_thread
    assert [vars(record)["reason"] for record in caplog.records] == ["RuntimeError"]
    assert pipeline.flush(PATIENCE)
    assert [span["name"] for span in endpoint.sent("spans")] == ["first"]


def test_a_process_that_is_kept_sends_by_itself() -> None:
    sent = Event()

    def endpoint(_signal: OtlpSignal, _items: Sequence[JsonObject]) -> SendResponse:
        sent.set()
        return ACCEPTED

    pipeline = TelemetryPipeline(endpoint, interval=0.01)
    pipeline.start()
    pipeline.add_record(LoggedRecord(fields={}, span=None))

    assert sent.wait(PATIENCE)


def test_the_first_spans_of_an_invocation_have_its_attributes(clock: Clock) -> None:
    endpoint = FakeEndpoint()
    pipeline = a_pipeline(endpoint, clock)
    pipeline.begin_invocation({"faas.trigger": "http"})
    with Span(SpanKind.SERVER, "outer") as outer, Span(SpanKind.CLIENT, "inner", parent=outer):
        pass

    pipeline.flush(PATIENCE)

    attributes = {span["name"]: span["attributes"] for span in endpoint.sent("spans")}
    assert attributes["outer"] == [{"key": "faas.trigger", "value": {"stringValue": "http"}}]
    assert attributes["inner"] == []
