"""The queues over SQS keep the promises of the ports."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from signalbox.aws.queues import QueueUrls, SqsNotificationQueue, SqsTaskQueue
from signalbox.aws.transport.clients import SqsTransport
from signalbox.models.errors import Unavailable
from signalbox.models.span import Span, SpanKind
from signalbox.models.task import Priority
from signalbox.models.trace_context import child_traceparent
from tests.builders import NOW, a_notification, a_task
from tests.contract.queues import TaskQueueContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack, transport_limits
from tests.integration.faults import (
    Action,
    Faults,
    broken,
    partly_failed,
    throttled,
    unreachable,
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DOWN = pytest.mark.parametrize("trouble", [throttled, broken, unreachable])


def traces(stack: Stack, queue: str) -> list[str | None]:
    """The trace contexts with which messages of a queue were sent, as one who polls gets them."""
    received = stack.clients.sqs.receive_message(
        QueueUrl=stack.name(queue), MessageAttributeNames=["All"]
    )
    sent = [message.get("MessageAttributes", {}) for message in received["Messages"]]
    return [each["traceparent"]["StringValue"] if each else None for each in sent]


class TestSqsTasks(TaskQueueContract):
    @pytest.fixture(params=["transport", "boto3"])
    def queue(self, stack: Stack, request: pytest.FixtureRequest) -> SqsTaskQueue:
        urls = {
            priority: QueueUrls(
                queue=stack.name(f"{priority.value.title()}Queue"),
                dead_letters=stack.name(f"{priority.value.title()}DeadLetters"),
            )
            for priority in Priority
        }
        of_boto3 = request.param == "boto3"
        client = stack.clients.sqs if of_boto3 else SqsTransport(*transport_limits())
        return SqsTaskQueue(sqs=client, urls=urls)

    def test_a_batch_taken_in_part_is_unavailable(
        self, queue: SqsTaskQueue, faults: Faults
    ) -> None:
        faults.on("SQS.SendMessageBatch", partly_failed)

        with pytest.raises(Unavailable):
            queue.send(Priority.LOW, [a_task().id for _ in range(3)])

    def test_each_repository_is_a_group_of_messages_without_its_name(
        self, stack: Stack, queue: SqsTaskQueue
    ) -> None:
        for tenant in ("octo/one", "octo/one", "octo/two", None):
            queue.send(Priority.LOW, [a_task().id], tenant=tenant)

        received = [
            message
            for _ in range(4)
            for message in stack.clients.sqs.receive_message(
                QueueUrl=stack.name("LowQueue"), MessageSystemAttributeNames=["MessageGroupId"]
            )["Messages"]
        ]

        groups = [each.get("Attributes", {}).get("MessageGroupId") for each in received]
        assert len(set(groups) - {None}) == 2
        assert groups.count(None) == 1
        assert "octo" not in repr(received)

    def test_a_message_that_is_none_of_ours_is_left_to_the_dead_letters(
        self, stack: Stack, queue: SqsTaskQueue
    ) -> None:
        task = a_task().id
        stack.clients.sqs.send_message(QueueUrl=stack.name("LowQueue"), MessageBody="nonsense")
        queue.send(Priority.LOW, [task])

        received = [queue.receive(Priority.LOW, hidden=30, wait=0) for _ in range(2)]

        assert [each.task for each in received if each] == [task]

    def test_a_message_is_sent_with_the_trace_in_which_it_is_sent(
        self, stack: Stack, queue: SqsTaskQueue
    ) -> None:
        with Span(SpanKind.CONSUMER, parent=TRACE):
            queue.send(Priority.LOW, [a_task().id])
        queue.send(Priority.LOW, [a_task().id])

        first, second = (traces(stack, "LowQueue") for _ in range(2))

        assert (first, second) == ([TRACE], [None])

    def test_hiding_for_longer_than_sqs_allows_is_no_matter(
        self, queue: SqsTaskQueue, clock: FakeClock
    ) -> None:
        queue.send(Priority.LOW, [a_task().id])
        message = queue.receive(Priority.LOW, hidden=43_200, wait=0)
        clock.advance(timedelta(hours=11))

        assert message
        queue.hide(Priority.LOW, message.receipt, 43_200)

    def test_a_wait_ends_in_vain_when_its_time_is_up(
        self, queue: SqsTaskQueue, clock: FakeClock
    ) -> None:
        assert queue.receive(Priority.LOW, hidden=30, wait=20) is None
        assert clock() - NOW >= timedelta(seconds=20)

    @DOWN
    @pytest.mark.parametrize(
        ("operation", "act"),
        [
            ("SendMessageBatch", lambda queue: queue.send(Priority.LOW, [a_task().id])),
            ("ReceiveMessage", lambda queue: queue.receive(Priority.LOW, hidden=1, wait=0)),
            ("ChangeMessageVisibility", lambda queue: queue.hide(Priority.LOW, "receipt", 1)),
            ("DeleteMessage", lambda queue: queue.delete(Priority.LOW, "receipt")),
            ("GetQueueAttributes", lambda queue: queue.depths()),
        ],
    )
    def test_a_queue_that_is_down_is_unavailable(
        self,
        queue: SqsTaskQueue,
        faults: Faults,
        trouble: Action,
        operation: str,
        act: Callable[[SqsTaskQueue], object],
    ) -> None:
        faults.on(f"SQS.{operation}", trouble, times=3)

        with pytest.raises(Unavailable):
            act(queue)


def test_a_notice_goes_to_the_queue_of_its_connector(stack: Stack) -> None:
    note = a_notification()
    notification_queue = SqsNotificationQueue(
        sqs=stack.clients.sqs, urls={"slack": stack.name("slackQueue")}
    )

    notification_queue.send("slack", note)

    (message,) = stack.clients.sqs.receive_message(QueueUrl=stack.name("slackQueue"))["Messages"]
    assert note.id in message["Body"]
    assert note.change.data.title not in message["Body"]


def test_a_notification_is_sent_with_the_trace_of_its_task(stack: Stack) -> None:
    note = a_notification()
    of_task = note.change.data.traceparent
    assert of_task
    queue = SqsNotificationQueue(
        sqs=SqsTransport(*transport_limits()), urls={"slack": stack.name("slackQueue")}
    )
    inside = child_traceparent(of_task)

    for parent in (None, TRACE, inside):
        with Span(SpanKind.CONSUMER, parent=parent):
            queue.send("slack", note)

    sent = [trace for _ in range(3) for trace in traces(stack, "slackQueue")]
    assert sent == [of_task, of_task, inside]


def test_a_connector_without_a_queue_is_unavailable(stack: Stack) -> None:
    notification_queue = SqsNotificationQueue(sqs=stack.clients.sqs, urls={})

    assert not notification_queue.has_queue("slack")
    with pytest.raises(Unavailable):
        notification_queue.send("slack", a_notification())
