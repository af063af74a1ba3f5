"""Dead letters: tasks and notifications that have no attempts left."""

from enum import StrEnum

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification
from signalbox.models.task import Priority, Task


class DeadLetterKind(StrEnum):
    """What a dead letter is."""

    TASK = "task"
    NOTIFICATION = "notification"


class DeadLetter(Model):
    """A task without attempts, or a notification with some fields of its task."""

    kind: DeadLetterKind
    task_id: TaskId
    notification_id: NotificationId | None = None
    title: str
    provider: str
    priority: Priority
    connection: ConnectionId | None = None
    attempts: int
    reason: str | None = None
    created_at: UtcDatetime
    failed_at: UtcDatetime


def task_dead_letter(task: Task) -> DeadLetter:
    """Return the dead letter of a task."""
    return DeadLetter(
        kind=DeadLetterKind.TASK,
        task_id=task.id,
        title=task.title,
        provider=task.origin.provider,
        priority=task.priority,
        attempts=task.attempt,
        reason=task.reason,
        created_at=task.created_at,
        failed_at=task.updated_at,
    )


def notification_dead_letter(note: Notification) -> DeadLetter:
    """Return the dead letter of a notification."""
    task = note.change.data
    return DeadLetter(
        kind=DeadLetterKind.NOTIFICATION,
        task_id=note.task_id,
        notification_id=note.id,
        title=task.title,
        provider=task.provider,
        priority=task.priority,
        connection=note.connection,
        attempts=note.number,
        reason=note.attempts[-1].reason if note.attempts else None,
        created_at=note.created_at,
        failed_at=note.updated_at,
    )
