"""The messages of several changes, which are sent together.

SQS bills its requests, each of which takes up to ten messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import TypeVar

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.notification import Notification
from signalbox.models.span import current_traceparent
from signalbox.models.task import Priority, Task
from signalbox.services.ports.notifications import NotificationQueue, NotificationToSend
from signalbox.services.ports.tasks import MAX_BATCH, TaskQueue, TaskToSend

T = TypeVar("T")


@frozen
class Outbox:
    """Collect messages for tasks and for their notifications until they are sent."""

    queue: TaskQueue
    notification_queue: NotificationQueue
    _tasks: dict[Priority, list[TaskToSend]] = field(default_factory=dict)
    _notifications: dict[str, list[NotificationToSend]] = field(default_factory=dict)
    _errors: dict[TaskId, Unavailable] = field(default_factory=dict)

    def add_task(self, task: Task, *, delay: int) -> None:
        """Add a message for a task, which is hidden for `delay` seconds at first."""
        message = TaskToSend(
            task=task.id, delay=delay, tenant=task.tenant, traceparent=current_traceparent()
        )
        self._tasks.setdefault(task.priority, []).append(message)

    def add_notification(self, connector: str, notification: Notification) -> None:
        """Add a message for a notification."""
        message = NotificationToSend.of(notification)
        self._notifications.setdefault(connector, []).append(message)

    def send(self) -> None:
        """Send what was added; `error_of` has what went wrong."""
        for priority, tasks in self._tasks.items():
            for batch in _batches(tasks):
                try:
                    self.queue.send_batch(priority, batch)
                except Unavailable as error:
                    self._errors.update((each.task, error) for each in batch)
        for connector, notifications in self._notifications.items():
            for messages in _batches(notifications):
                try:
                    self.notification_queue.send_batch(connector, messages)
                except Unavailable as error:
                    self._errors.update((each.notification.task_id, error) for each in messages)
        self._tasks.clear()
        self._notifications.clear()

    def error_of(self, task: TaskId) -> Unavailable | None:
        """Return why a message of this task, or of a notification of it, may not be sent."""
        return self._errors.get(task)


def _batches(messages: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(messages), MAX_BATCH):
        yield messages[start : start + MAX_BATCH]
