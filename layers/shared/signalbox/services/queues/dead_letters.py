"""Ends what the queues have given up: a message that came back too often without an answer."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from signalbox.models.errors import Conflict, NotFound
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.lifecycle import given_up
from signalbox.models.notification import exhausted
from signalbox.models.task import QUEUE_ACTOR
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

_REASON = "the queue gave up: the message was received too often without being dealt with"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailDeadLetter:
    """Marks what a dead letter speaks of as failed; what has ended by itself is left alone."""

    tasks: TaskStore
    notifications: NotificationStore
    clock: Clock

    def task(self, task: TaskId, sent: datetime) -> None:
        """The task fails, if it has not ended and no other message than this one stands for it."""
        with suppress(Conflict, NotFound):
            before = self.tasks.get(task)
            after = given_up(before, _REASON, sent, self.clock(), by=QUEUE_ACTOR)
            self.tasks.replace(before, after)

    def notification(self, task: TaskId, notification: NotificationId) -> None:
        """The notification is dead, if it is still owed."""
        with suppress(Conflict, NotFound):
            before = self.notifications.get(task, notification)
            if before.open:
                after = exhausted(before, _REASON, self.clock())
                self.notifications.replace(before, after)
