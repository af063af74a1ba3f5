import json
from io import StringIO

import pytest
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from pydantic import JsonValue

from signalbox.models.errors import Unavailable
from signalbox.runtime.sqs_batch import RetryMessage, sqs_batch_handler
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.counts import FakeCount


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

    def handle(_: SQSRecord) -> None:
        if trouble := left.pop(0):
            raise trouble

    records: list[JsonValue] = [
        {"messageId": f"m-{number}", "eventSource": "aws:sqs", "body": "a secret"}
        for number in range(len(raised))
    ]
    handler = sqs_batch_handler(handle, Logger(service="messages", stream=logs), counts)
    answer = handler({"Records": records}, FakeContext(FakeClock(), timeout=timeout))
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
