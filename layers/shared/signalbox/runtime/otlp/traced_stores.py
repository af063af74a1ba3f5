"""The stores and queues of a function whose spans are exported: each call is a span.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

from collections.abc import Iterable

from typing_extensions import override

from signalbox.aws.queues import SqsNotificationQueue, SqsTaskQueue
from signalbox.aws.tasks import DynamoTasks
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.notification import Notification
from signalbox.models.span import CURRENT_SPAN, Attribute, Span, SpanKind
from signalbox.models.task import Priority, Task
from signalbox.models.trace_context import same_trace, task_traceparent
from signalbox.services.ports.tasks import QueueMessage


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
    def send(
        self,
        priority: Priority,
        tasks: Iterable[TaskId],
        *,
        delay: int = 0,
        tenant: str | None = None,
    ) -> None:
        queue = self.urls[priority].queue
        with _messaging_span(SpanKind.PRODUCER, "send", queue, CURRENT_SPAN.get()):
            SqsTaskQueue.send(self, priority, tasks, delay=delay, tenant=tenant)

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
    def send(self, connector: str, notification: Notification) -> None:
        current, of_task = CURRENT_SPAN.get(), notification.change.data.traceparent
        context = current.context if current else None
        is_inside = bool(context and of_task and same_trace(context, of_task))
        queue = self.urls.get(connector, connector)
        parent = current if is_inside else of_task
        with _messaging_span(SpanKind.PRODUCER, "send", queue, parent) as span:
            span.attributes["signalbox.notification_id"] = notification.id
            SqsNotificationQueue.send(self, connector, notification)


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
