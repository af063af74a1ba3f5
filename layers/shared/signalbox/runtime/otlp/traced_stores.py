"""The stores and queues of a function whose spans are exported: each call is a span.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from typing_extensions import override

from signalbox.aws.queues import SqsNotificationQueue, SqsTaskQueue
from signalbox.aws.tasks import DynamoTasks
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.span import CURRENT_SPAN, Attribute, Span, SpanKind
from signalbox.models.task import Priority, Task
from signalbox.models.trace_context import task_traceparent
from signalbox.services.ports.notifications import NotificationToSend
from signalbox.services.ports.tasks import QueueMessage, TaskToSend


@frozen
class TracedTasks(DynamoTasks):
    """Stores tasks; the creation of each is a span, with which the trace of a schedule begins."""

    @override
    def create(self, task: Task) -> bool:
        is_planned = task.origin.planned_at is not None
        parent = None if is_planned else CURRENT_SPAN.get()
        with Span(SpanKind.INTERNAL, "create task", parent=parent) as span:
            is_new = DynamoTasks.create(self, task)
            if is_new and is_planned:
                span.begin(task_traceparent(task))
            span.attributes |= {
                "signalbox.task_id": task.id,
                "signalbox.kind": task.kind,
                "signalbox.new": is_new,
            }
            return is_new


@frozen
class TracedTaskQueue(SqsTaskQueue):
    """The task queues; what is sent and received is a span."""

    @override
    def send_batch(self, priority: Priority, batch: Sequence[TaskToSend]) -> None:
        queue = self.urls[priority].queue
        spans = [_producer_span(queue, each.traceparent) for each in batch]
        with _ended(spans):
            messages = [
                replace(each, traceparent=span.traceparent)
                for each, span in zip(batch, spans, strict=True)
            ]
            SqsTaskQueue.send_batch(self, priority, messages)

    @override
    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        queue = self.urls[priority].queue
        span = _messaging_span(SpanKind.CLIENT, "receive", queue, CURRENT_SPAN.get())
        message = SqsTaskQueue.receive(self, priority, hidden=hidden, wait=wait)
        if message:  # a poll in vain is no part of anything
            span.attributes["messaging.message.id"] = message.message
            span.end()
        return message


@frozen
class TracedNotificationQueue(SqsNotificationQueue):
    """The queues of the connectors; each message that is sent is a span."""

    @override
    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        queue = self.urls.get(connector, connector)
        spans = [_producer_span(queue, each.traceparent) for each in batch]
        with _ended(spans):
            messages = []
            for each, span in zip(batch, spans, strict=True):
                span.attributes["signalbox.notification_id"] = each.notification.id
                messages.append(replace(each, traceparent=span.traceparent))
            SqsNotificationQueue.send_batch(self, connector, messages)


def _producer_span(queue_url: str, traceparent: str | None) -> Span:
    """Return the span of sending a message, which is a part of the trace of the message."""
    parent = traceparent or CURRENT_SPAN.get()
    return _messaging_span(SpanKind.PRODUCER, "send", queue_url, parent)


@contextmanager
def _ended(spans: Sequence[Span]) -> Iterator[None]:
    """End the spans of messages after the request that sends them."""
    try:
        yield
    except Unavailable as error:
        for span in spans:
            span.error = type(error).__name__
        raise
    finally:
        for span in spans:
            span.end()


def _messaging_span(
    kind: SpanKind, operation: str, queue_url: str, parent: Span | str | None
) -> Span:
    queue = queue_url.rpartition("/")[2]
    span = Span(kind, f"{operation} {queue}", parent=parent)
    attributes: dict[str, Attribute] = {
        "messaging.system": "aws_sqs",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": queue,
    }
    span.attributes |= attributes
    return span
