"""The SQS queues: one for each priority, one for each connector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.aws.errors import AwsRefused
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.notification import Notification
from signalbox.models.queue_messages import NotificationMessage, TaskMessage
from signalbox.models.span import current_traceparent
from signalbox.models.task import Priority
from signalbox.models.trace_context import TRACEPARENT
from signalbox.services.ports.notifications import NotificationQueue, NotificationToSend
from signalbox.services.ports.tasks import (
    MAX_BATCH,
    QueueDepth,
    QueueMessage,
    TaskQueue,
    TaskToSend,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import (
        MessageAttributeValueTypeDef,
        SendMessageBatchRequestEntryTypeDef,
    )

    from signalbox.aws.protocols import SqsApi

_GROUP_LENGTH: Final = 32
_EXPIRED_RECEIPT_CODES: Final = frozenset(
    {
        "ReceiptHandleIsInvalid",
        "InvalidParameterValue",
        "MessageNotInflight",
        "AWS.SimpleQueueService.MessageNotInflight",
    }
)
"""The codes of SQS for an expired receipt, or for a message that was hidden for 12 hours."""


@frozen
class QueueUrls:
    """A queue and its dead-letter queue."""

    queue: str
    dead_letters: str


@frozen
class SqsTaskQueue(TaskQueue):
    """The task queues. The read timeout of `sqs` must exceed the wait time of `receive`."""

    sqs: SqsApi
    urls: Mapping[Priority, QueueUrls]

    @override
    def send(
        self,
        priority: Priority,
        tasks: Iterable[TaskId],
        *,
        delay: int = 0,
        tenant: str | None = None,
    ) -> None:
        traceparent = current_traceparent()
        messages = [
            TaskToSend(task=task, delay=delay, tenant=tenant, traceparent=traceparent)
            for task in tasks
        ]
        for start in range(0, len(messages), MAX_BATCH):
            self.send_batch(priority, messages[start : start + MAX_BATCH])

    @override
    def send_batch(self, priority: Priority, batch: Sequence[TaskToSend]) -> None:
        entries = [_task_entry(str(number), message) for number, message in enumerate(batch)]
        _send_entries(self.sqs, self.urls[priority].queue, entries, "the task queues")

    @override
    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        # A message that is none of ours is left to the dead letters.
        with aws_unavailable(f"the queue {priority}"):
            answer = self.sqs.receive_message(
                QueueUrl=self.urls[priority].queue,
                MaxNumberOfMessages=1,
                VisibilityTimeout=hidden,
                WaitTimeSeconds=wait,
            )
        for message in answer.get("Messages", []):
            try:
                task = TaskMessage.model_validate_json(message["Body"]).task_id
            except ValidationError:
                return None
            return QueueMessage(
                queue=priority,
                task=task,
                message=message["MessageId"],
                receipt=message["ReceiptHandle"],
            )
        return None

    @override
    def hide(self, priority: Priority, receipt: str, seconds: int) -> None:
        with aws_unavailable(f"the queue {priority}"), _unless_gone():
            self.sqs.change_message_visibility(
                QueueUrl=self.urls[priority].queue,
                ReceiptHandle=receipt,
                VisibilityTimeout=seconds,
            )

    @override
    def delete(self, priority: Priority, receipt: str) -> None:
        with aws_unavailable(f"the queue {priority}"), _unless_gone():
            self.sqs.delete_message(QueueUrl=self.urls[priority].queue, ReceiptHandle=receipt)

    @override
    def waiting(self, priority: Priority) -> int:
        with aws_unavailable(f"the queue {priority}"):
            answer = self.sqs.get_queue_attributes(
                QueueUrl=self.urls[priority].queue, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    @override
    def depths(self) -> Sequence[QueueDepth]:
        return [self._depth(priority, urls) for priority, urls in self.urls.items()]

    def _depth(self, priority: Priority, urls: QueueUrls) -> QueueDepth:
        waiting, in_flight, delayed = self._counts(urls.queue)
        return QueueDepth(
            queue=priority,
            waiting=waiting,
            in_flight=in_flight,
            delayed=delayed,
            dead_letters=sum(self._counts(urls.dead_letters)),
        )

    def _counts(self, url: str) -> tuple[int, int, int]:
        with aws_unavailable("the queues"):
            answer = self.sqs.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        counts = answer["Attributes"]
        return (
            int(counts["ApproximateNumberOfMessages"]),
            int(counts["ApproximateNumberOfMessagesNotVisible"]),
            int(counts["ApproximateNumberOfMessagesDelayed"]),
        )


@frozen
class SqsNotificationQueue(NotificationQueue):
    """The queues of the connectors."""

    sqs: SqsApi
    urls: Mapping[str, str]

    @override
    def has_queue(self, connector: str) -> bool:
        return connector in self.urls

    def reach(self) -> None:
        """Check that each queue answers.

        Raises:
            Unavailable: One does not.
        """
        for connector, url in self.urls.items():
            with aws_unavailable(f"the queue of {connector}"):
                self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])

    @override
    def send(self, connector: str, notification: Notification) -> None:
        self.send_batch(connector, [NotificationToSend.of(notification)])

    @override
    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        if not self.has_queue(connector):
            raise Unavailable(f"there is no queue for the connector {connector}")
        entries = [_notification_entry(str(number), each) for number, each in enumerate(batch)]
        _send_entries(self.sqs, self.urls[connector], entries, f"the queue of {connector}")


def _send_entries(
    sqs: SqsApi, url: str, entries: list[SendMessageBatchRequestEntryTypeDef], queue: str
) -> None:
    with aws_unavailable(queue):
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    if answer.get("Failed"):
        raise Unavailable(f"{len(answer['Failed'])} messages were not taken by the queue")


def _task_entry(identifier: str, message: TaskToSend) -> SendMessageBatchRequestEntryTypeDef:
    """Return a message of a batch, for a queue that is fair between tenants.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": identifier,
        "MessageBody": TaskMessage(task_id=message.task).model_dump_json(),
        "DelaySeconds": message.delay,
        "MessageAttributes": _attributes(message.traceparent),
    }
    if message.tenant is not None:
        # a group has 128 characters of ASCII at most, and is shown where the message is
        entry["MessageGroupId"] = sha256(message.tenant.encode()).hexdigest()[:_GROUP_LENGTH]
    return entry


def _notification_entry(
    identifier: str, message: NotificationToSend
) -> SendMessageBatchRequestEntryTypeDef:
    """Return a message of a batch."""
    body = NotificationMessage(
        task_id=message.notification.task_id, notification_id=message.notification.id
    )
    return {
        "Id": identifier,
        "MessageBody": body.model_dump_json(),
        "MessageAttributes": _attributes(message.traceparent),
    }


def _attributes(traceparent: str | None) -> dict[str, MessageAttributeValueTypeDef]:
    """Return the attributes of a message: the trace that it belongs to, if it is known."""
    if traceparent is None:
        return {}
    return {TRACEPARENT: {"DataType": "String", "StringValue": traceparent}}


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except AwsRefused as error:
        if error.code not in _EXPIRED_RECEIPT_CODES:
            raise
