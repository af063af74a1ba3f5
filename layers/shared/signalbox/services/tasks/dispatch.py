"""Hands the changes of a task on: a message for who shall do it, notifications for who shall know.

It may run twice for any change, and ends the same: a notification's id is derived from its change
and connection, and a second message finds nothing to do.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from signalbox.models.change import Change, change_for
from signalbox.models.config import Connection, subscription_matches
from signalbox.models.errors import ConfigurationUnreadable, Conflict, NotFound, Unavailable
from signalbox.models.ids import ConnectionId, notification_id
from signalbox.models.lifecycle import dispatched, queued
from signalbox.models.notification import Notification, refused
from signalbox.models.task import UNSENT_AFTER, Task, TaskStatus, TaskStep
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.tasks import TaskQueue, TaskStore
from signalbox.services.ports.time import Clock

_KEPT: Final = 7 * 86_400
_TOLD_WITHIN: Final = timedelta(seconds=_KEPT) - timedelta(days=1)
"""An older step was told long ago, and who was told might not be known any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchChanges:
    """Hands changes on. `stack` names this installation in their envelopes."""

    tasks: TaskStore
    notifications: NotificationStore
    queue: TaskQueue
    notification_queue: NotificationQueue
    config: ConfigStore
    clock: Clock
    stack: str

    def __call__(self, task: Task, steps: Sequence[TaskStep]) -> None:
        """Hands these steps of the task on, and may be called again.

        Raises Unavailable where somebody could not be told, after all else is done; the steps stay
        undispatched then. It is ConfigurationUnreadable where trying again soon helps nobody.
        """
        waits = task.status is TaskStatus.PENDING and task.sent_at is None
        marks = waits or task.finished
        if waits:
            # the work goes first: nobody waits for it because somebody cannot be told
            self.queue.send(task.priority, [task.id])
        # a mark speaks for every step so far, also for those that the stream has given up
        told = task.undispatched if marks else steps
        troubles = [trouble for step in told for trouble in self._tell(step, task)]
        if marks and not troubles:
            self._mark(task, dispatched(task, self.clock()))
        elif waits:
            self._mark(task, queued(task, self.clock()))
        if troubles:
            raise min(troubles, key=lambda each: isinstance(each, ConfigurationUnreadable))

    def _mark(self, before: Task, after: Task) -> None:
        # losing to the next step is no loss: that step is handed on in its turn
        with suppress(Conflict):
            self.tasks.replace(before, after)

    def _tell(self, step: TaskStep, task: Task) -> Iterator[Unavailable]:
        """Owes the step to everybody who wants it, and says what kept somebody from being told."""
        if self.clock() - step.at >= _TOLD_WITHIN:
            return
        change = change_for(task, step, self.stack)
        try:
            wanted = [
                each for each in self.config.subscriptions() if subscription_matches(each, change)
            ]
        except Unavailable as trouble:
            yield trouble
            return
        for name in dict.fromkeys(each.connection for each in wanted):
            try:
                connection = self._connection(name)
                if connection and connection.enabled:
                    self._owe(change, connection, task)
            except Unavailable as trouble:
                yield trouble

    def _connection(self, name: ConnectionId) -> Connection | None:
        with suppress(NotFound):
            return self.config.connection(name)
        self.config.invalidate()  # the subscription may be newer than the cached connections
        with suppress(NotFound):
            return self.config.connection(name)
        return None

    def _owe(self, change: Change, connection: Connection, task: Task) -> None:
        now = self.clock()
        notification = Notification(
            id=notification_id(change.id, connection.id),
            connection=connection.id,
            connector=connection.connector,
            change=change,
            request_id=task.origin.request_id,
            created_at=now,
            queued_at=now,
            updated_at=now,
            # the id must be known for as long as a change can be handed on again
            retention=max(task.retention, _KEPT) if task.retention else 0,
        )
        if not self.notification_queue.has_queue(connection.connector):
            reason = f"this installation has no connector {connection.connector}"
            self.notifications.create(refused(notification, reason, now))
        elif self.notifications.create(notification) or self._still_owed(notification):
            self.notification_queue.send(connection.connector, notification)

    def _still_owed(self, notification: Notification) -> bool:
        """Whether an earlier run kept the notification and may have died before its message.

        Where that was a while ago, maintenance has found it by itself.
        """
        try:
            kept = self.notifications.get(notification.task_id, notification.id)
        except NotFound:
            return False
        return kept.number == 0 and self.clock() - kept.queued_at < UNSENT_AFTER
