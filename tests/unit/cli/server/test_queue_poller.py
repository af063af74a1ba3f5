"""What becomes of the messages of a queue."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from cli.server.queue_poller import PolledQueue, QueuePoller, failed_messages
from cli.server.stopping import Stopping
from signalbox.aws.errors import AwsUnreachable

if TYPE_CHECKING:
    from signalbox.aws.protocols import SqsApi

ARN = "arn:aws:sqs:us-east-1:1:queue"


def message(name: str, group: str = "") -> Any:
    attributes = {"MessageGroupId": group} if group else {"SentTimestamp": "1"}
    return {
        "MessageId": name,
        "ReceiptHandle": f"r-{name}",
        "Body": "{}",
        "MD5OfBody": "x",
        "Attributes": attributes,
    }


class FakeSqs:
    """Gives batches one by one; `on_receive` is called before each."""

    def __init__(self, *batches: list[Any]) -> None:
        self.batches = list(batches)
        self.deleted: list[str] = []
        self.hidden: list[tuple[str, int]] = []
        self.on_receive: Callable[[], None] = lambda: None

    def receive_message(self, **request: Any) -> Any:
        self.on_receive()
        return {"Messages": self.batches.pop(0)} if self.batches else {}

    def delete_message(self, **request: Any) -> Any:
        self.deleted.append(request["ReceiptHandle"])

    def change_message_visibility(self, **request: Any) -> Any:
        self.hidden.append((request["ReceiptHandle"], request["VisibilityTimeout"]))


class Called:
    def __init__(self, response: object = None, error: Exception | None = None) -> None:
        self.events: list[Any] = []
        self._response, self._error = response, error

    def __call__(self, event: dict[str, object]) -> object:
        self.events.append(event)
        if self._error:
            raise self._error
        return self._response


def poller(sqs: FakeSqs, called: Any, stopping: Stopping | None = None) -> QueuePoller:
    queue = PolledQueue(url="https://sqs/queue", arn=ARN, wait=0)
    return QueuePoller(
        "queue", queue, cast("SqsApi", sqs), called, timeout=30, stopping=stopping or Stopping(30)
    )


def test_messages_that_are_done_are_deleted_and_others_stay() -> None:
    sqs = FakeSqs([message("a"), message("b")])
    called = Called({"batchItemFailures": [{"itemIdentifier": "a"}]})
    polling = poller(sqs, called)

    polling.poll()
    polling.release()

    assert sqs.deleted == ["r-b"]
    assert sqs.hidden == []
    (event,) = called.events
    assert event["Records"][0] == {
        "messageId": "a",
        "receiptHandle": "r-a",
        "body": "{}",
        "attributes": {"SentTimestamp": "1"},
        "messageAttributes": {},
        "md5OfBody": "x",
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "us-east-1",
    }


def test_no_message_is_deleted_if_the_function_fails() -> None:
    sqs = FakeSqs([message("a")])
    polling = poller(sqs, Called(error=RuntimeError("it failed")))

    polling.poll()
    polling.release()

    assert sqs.deleted == []


def test_messages_that_arrive_while_the_server_stops_are_given_back() -> None:
    stopping, called = Stopping(30), Called()
    sqs = FakeSqs([message("a")])
    sqs.on_receive = stopping.begin
    polling = poller(sqs, called, stopping)

    polling.poll()
    polling.release()

    assert called.events == []
    assert sqs.hidden == [("r-a", 0)]


def test_a_stop_waits_for_the_batch_that_runs() -> None:
    begun, end = threading.Event(), threading.Event()

    def slow(_: dict[str, object]) -> object:
        begun.set()
        assert end.wait(10)
        return {}

    stopping, sqs = Stopping(30), FakeSqs([message("a")])
    polling = poller(sqs, slow, stopping)
    polling.start()
    assert begun.wait(10)
    stopping.begin()
    assert not polling.join(0)
    end.set()

    assert polling.join(10)
    assert sqs.deleted == ["r-a"]


def test_a_queue_that_does_not_answer_leaves_a_slot_for_the_next_round() -> None:
    def unreachable() -> None:
        raise AwsUnreachable("no answer")

    called = Called({})
    sqs = FakeSqs([message("a")])
    sqs.on_receive = unreachable
    polling = poller(sqs, called)
    with pytest.raises(AwsUnreachable):
        polling.poll()

    sqs.on_receive = lambda: None
    polling.poll()
    polling.release()

    assert sqs.deleted == ["r-a"]


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        (None, []),
        ({"batchItemFailures": []}, []),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, ["b"]),
        ({"batchItemFailures": [{"itemIdentifier": "strange"}]}, ["a", "b"]),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, ["a", "b"]),
        ({"batchItemFailures": [{}]}, ["a", "b"]),
    ],
)
def test_a_response_that_makes_no_sense_leaves_every_message(
    response: object, failed: list[str]
) -> None:
    assert sorted(failed_messages([message("a"), message("b")], response)) == failed


def test_no_message_of_a_fifo_queue_overtakes_a_failed_one_of_its_group() -> None:
    messages = [message("a", "g"), message("b", "g"), message("c", "other"), message("d", "g")]

    failed = failed_messages(messages, {"batchItemFailures": [{"itemIdentifier": "b"}]})

    assert sorted(failed) == ["b", "d"]


def test_the_function_gets_the_attributes_with_which_a_message_was_sent() -> None:
    sent = {"traceparent": {"DataType": "String", "StringValue": "00-1-2-01"}}
    sqs = FakeSqs([{**message("a"), "MessageAttributes": sent}])
    called = Called({"batchItemFailures": []})
    polling = poller(sqs, called)

    polling.poll()
    polling.release()

    (event,) = called.events
    assert event["Records"][0]["messageAttributes"] == {
        "traceparent": {"dataType": "String", "stringValue": "00-1-2-01"}
    }
