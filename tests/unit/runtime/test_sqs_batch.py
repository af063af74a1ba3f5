import json
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from threading import Barrier, Event, current_thread, main_thread
from typing import cast

import pytest
from pydantic import JsonValue

from signalbox.models.errors import Unavailable
from signalbox.runtime.sqs_batch import LambdaEvent, RetryMessage, SqsRecord, sqs_batch_handler
from signalbox.runtime.telemetry import count
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.counts import FakeCount
from tests.fakes.loggers import a_logger


@pytest.fixture
def logs() -> StringIO:
    return StringIO()


@pytest.fixture
def counts() -> FakeCount:
    return FakeCount()


def _failures(
    logs: StringIO, counts: FakeCount, *raised: Exception | None, timeout: int = 60
) -> list[str]:
    """The messages that come back; the handler raises this for one after the other."""
    left = list(raised)

    def handle(_: SqsRecord) -> None:
        if trouble := left.pop(0):
            raise trouble

    handler = sqs_batch_handler(handle, a_logger(logs), counts)
    answer = handler(_messages(len(raised)), FakeContext(FakeClock(), timeout=timeout))
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def _messages(number: int) -> LambdaEvent:
    records: list[JsonValue] = [
        {"messageId": f"m-{each}", "eventSource": "aws:sqs", "body": "a secret"}
        for each in range(number)
    ]
    return {"Records": records}


def _at_once(
    handle: Callable[[SqsRecord], None], number: int, context: FakeContext | None = None
) -> list[str]:
    """The messages that come back when ten are handled at the same time."""
    handler = sqs_batch_handler(handle, a_logger(StringIO()), FakeCount(), workers=10)
    answer = handler(_messages(number), context or FakeContext(FakeClock()))
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def test_what_a_message_raises_is_logged_without_its_words(
    logs: StringIO, counts: FakeCount
) -> None:
    failures = _failures(logs, counts, None, ValueError("a secret"), Unavailable("the store"))

    first, second = map(json.loads, logs.getvalue().splitlines())
    assert failures == ["m-1", "m-2"]
    assert (first["level"], first["message"]) == ("ERROR", "message failed")
    assert (first["message_id"], first["error"]) == ("m-1", "ValueError")
    assert (second["message_id"], second["error"]) == ("m-2", "Unavailable")
    assert "a secret" not in logs.getvalue()


def test_each_message_that_fails_is_counted(logs: StringIO, counts: FakeCount) -> None:
    _failures(logs, counts, ValueError(), None, Unavailable("the store"))

    assert counts.seen == [("MessagesFailed", {})] * 2


def test_a_message_that_is_to_come_back_is_no_failure_to_tell(
    logs: StringIO, counts: FakeCount
) -> None:
    assert _failures(logs, counts, RetryMessage()) == ["m-0"]
    assert _failures(logs, counts, None, timeout=10) == ["m-0"]
    assert (logs.getvalue(), counts.seen) == ("", [])


def test_ten_messages_are_handled_at_the_same_time() -> None:
    together = Barrier(10, timeout=20)

    failures = _at_once(lambda _: (together.wait(), None)[1], 10)

    assert failures == []


def test_each_of_many_reports_its_own_result() -> None:
    def handle(record: SqsRecord) -> None:
        number = int(record.message_id.removeprefix("m-"))
        if number % 3 == 1:
            raise RetryMessage
        if number % 3 == 2:
            raise ValueError

    failures = _at_once(handle, 25)

    assert failures == [f"m-{number}" for number in range(25) if number % 3]


def test_a_message_that_hangs_comes_back_and_holds_up_no_other() -> None:
    released, others = Event(), Barrier(10, timeout=20)
    handled = []

    class Ending(FakeContext):
        def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
            if current_thread() is main_thread():
                others.wait()  # the time is up when all others are handled
                return 3_000
            return 60_000

    def handle(record: SqsRecord) -> None:
        if record.message_id == "m-4":
            released.wait(20)
        else:
            handled.append(record.message_id)
            others.wait()

    try:
        failures = _at_once(handle, 10, Ending(FakeClock()))
    finally:
        released.set()

    assert "m-4" in failures
    assert len(handled) == 9


def test_what_is_not_begun_in_time_comes_back() -> None:
    assert _at_once(lambda _: None, 10, FakeContext(FakeClock(), timeout=10)) == [
        f"m-{number}" for number in range(10)
    ]


def test_a_process_that_ends_in_one_message_reports_nothing_of_the_others() -> None:
    def handle(record: SqsRecord) -> None:
        if record.message_id == "m-1":
            raise SystemExit

    with pytest.raises(SystemExit):
        _at_once(handle, 3)


def test_a_metric_is_written_at_once_as_lines_of_other_threads_come_between_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Signalbox/test")
    writes = []

    class Stream(StringIO):
        def write(self, text: str) -> int:
            writes.append(text)
            return len(text)

    with redirect_stdout(Stream()):
        count("Notifications", {"connector": "slack"}, 2)

    (line,) = writes
    metric = json.loads(line)
    assert line.endswith("}\n")
    assert (metric["connector"], metric["Notifications"]) == ("slack", [2])


def test_the_lines_of_a_message_have_the_trace_with_which_it_was_sent(
    logs: StringIO, counts: FakeCount
) -> None:
    sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = _messages(2)
    records = cast("list[dict[str, JsonValue]]", event["Records"])
    attribute: JsonValue = {"stringValue": sent, "dataType": "String", "binaryListValues": []}
    records[0]["messageAttributes"] = {"traceparent": attribute}
    records[1]["messageAttributes"] = {"traceparent": {"stringValue": "nonsense"}}

    def handle(_: SqsRecord) -> None:
        raise Unavailable("down")

    sqs_batch_handler(handle, a_logger(logs), counts)(event, FakeContext(FakeClock()))

    first, second = (json.loads(line) for line in logs.getvalue().splitlines())
    assert (first["message"], first["trace_id"]) == ("message failed", sent.split("-")[1])
    assert "trace_id" not in second
