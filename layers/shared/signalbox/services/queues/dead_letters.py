"""Fail what the queues have given up: a message that was received too often without success."""

from contextlib import suppress
from datetime import datetime

from signalbox.models.errors import Conflict, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.lifecycle import given_up
from signalbox.models.notification import exhausted
from signalbox.models.task import QUEUE_ACTOR
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

_REASON = "the queue gave up: the message was received too often without success"


@frozen
class FailDeadLetter:
    """Mark the task or notification of a dead letter as failed, unless it has finished."""

    tasks: TaskStore
    notifications: NotificationStore
    clock: Clock

    def task(self, task: TaskId, sent: datetime) -> None:
        """Fail the task, unless it has finished or has a later message."""
        with suppress(Conflict, NotFound):
            before = self.tasks.get(task)
            after = given_up(before, _REASON, sent, self.clock(), by=QUEUE_ACTOR)
            self.tasks.replace(before, after)

    def notification(self, task: TaskId, notification: NotificationId) -> None:
        """Mark the notification as dead, unless it has finished."""
        with suppress(Conflict, NotFound):
            before = self.notifications.get(task, notification)
            if before.open:
                after = exhausted(before, _REASON, self.clock())
                self.notifications.replace(before, after)
