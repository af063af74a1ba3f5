"""The faults of the tests are the faults that AWS and networks have."""

import pytest

from signalbox.aws.errors import AwsRefused, AwsUnreachable
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Crash,
    Faults,
    broken,
    crash_after,
    crash_before,
    lost_answer,
    partly_failed,
    slow,
    throttled,
    unreachable,
)


def _send(stack: Stack) -> None:
    stack.clients.sqs.send_message(QueueUrl=stack.name("LowQueue"), MessageBody="{}")


def _waiting(stack: Stack) -> int:
    attributes = stack.clients.sqs.get_queue_attributes(
        QueueUrl=stack.name("LowQueue"), AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def test_calls_are_counted_by_their_operation(stack: Stack, faults: Faults) -> None:
    _send(stack)
    stack.clients.dynamodb.get_item(
        TableName=stack.name("TasksTable"), Key={"pk": {"S": "a"}, "sk": {"S": "b"}}
    )
    stack.clients.s3.list_objects_v2(Bucket=stack.name("BodiesBucket"))

    assert faults.operations == ["SQS.SendMessage", "DynamoDB.GetItem", "S3.GET"]


def test_calls_outside_of_the_watch_are_neither_counted_nor_spoilt(stack: Stack) -> None:
    faults = Faults()
    faults.at(1, crash_before)

    with faults.installed():
        _send(stack)

    assert faults.calls == []


@pytest.mark.parametrize(("action", "sent"), [(crash_before, 0), (crash_after, 1)])
def test_a_crash_passes_every_handler_of_exceptions(
    stack: Stack, faults: Faults, action: Action, sent: int
) -> None:
    faults.at(1, action)

    with pytest.raises(Crash, match=r"SQS\.SendMessage"):
        _send(stack)

    assert _waiting(stack) == sent


def test_the_sdk_tries_three_times(stack: Stack, faults: Faults) -> None:
    faults.on("SQS.SendMessage", throttled, times=2)

    _send(stack)

    assert faults.count("SQS.SendMessage") == 3
    assert _waiting(stack) == 1


@pytest.mark.parametrize(
    ("action", "error", "sent"),
    [
        (throttled, AwsRefused, 0),
        (broken, AwsRefused, 0),
        (unreachable, AwsUnreachable, 0),
    ],
)
def test_what_does_not_pass_reaches_the_caller(
    stack: Stack, faults: Faults, action: Action, error: type[Exception], sent: int
) -> None:
    faults.on("SQS.SendMessage", action, times=3)

    with pytest.raises(error):
        _send(stack)

    assert _waiting(stack) == sent


def test_a_lost_answer_and_a_retry_make_two_messages(stack: Stack, faults: Faults) -> None:
    faults.at(1, lost_answer)

    _send(stack)

    assert _waiting(stack) == 2


def test_a_batch_may_be_taken_in_part(stack: Stack, faults: Faults) -> None:
    faults.at(1, partly_failed)

    answer = stack.clients.sqs.send_message_batch(
        QueueUrl=stack.name("LowQueue"),
        Entries=[{"Id": str(n), "MessageBody": "{}"} for n in range(3)],
    )

    assert [each["Id"] for each in answer["Failed"]] == ["0"]
    assert [each["Id"] for each in answer["Successful"]] == ["1", "2"]
    assert _waiting(stack) == 2


def test_a_slow_answer_takes_time_on_the_clock(
    stack: Stack, faults: Faults, clock: FakeClock
) -> None:
    before = clock()
    faults.at(1, slow(clock, 3))

    _send(stack)

    assert (clock() - before).total_seconds() == 3
    assert _waiting(stack) == 1
