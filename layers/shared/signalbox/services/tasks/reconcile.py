"""Reconcile what the stream or a worker has left undone; runs every minute.

The stream is the fast path and this is the guarantee: every unfinished item has a due time in an
index, and items that are overdue are moved on.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.errors import Conflict, NotFound, SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.hold import released_from_hold
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import approval_expired, lease_ended
from signalbox.models.notification import Notification, sent
from signalbox.models.task import Task, TaskStatus
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.tasks import DueIndex, DueItem, TaskStore
from signalbox.services.ports.time import Clock, TimeLeft
from signalbox.services.tasks.dispatch import DispatchChanges

_BY: Final = "maintenance"
_RESERVE: Final = 10.0
_MAX_REPORTED_ERRORS: Final = 5
_PROBABILITY_LATEST_FIRST: Final = 0.5
_SOON: Final = timedelta(minutes=2)
"""What is due so soon is met again instead: a read or two cost less than to move its entry."""


@dataclass(slots=True, kw_only=True)
class ReconcileResult:
    """How many items were moved on. `failed` ones are found again by the next run.

    `postponed` tasks were met before they are due, and their entries in the index were moved.
    `troubles` has the type of the error for the first few failed tasks.
    """

    tasks: int = 0
    leases: int = 0
    notifications: int = 0
    postponed: int = 0
    failed: int = 0
    troubles: dict[TaskId, str] = field(default_factory=dict)


@frozen
class ReconcileOverdue:
    """Move overdue items on.

    It starts at a random end of the index, since a crowd of failing items could use up the time of
    every run.
    """

    due_index: DueIndex
    tasks: TaskStore
    notifications: NotificationStore
    notification_queue: NotificationQueue
    dispatch: DispatchChanges
    clock: Clock
    random: Random

    def __call__(self, time_left: TimeLeft) -> ReconcileResult:
        """Return what was moved on before the time was up; the next run does the rest."""
        result = ReconcileResult()
        latest_first = self.random.random() < _PROBABILITY_LATEST_FIRST
        for item in self.due_index.overdue(self.clock(), latest_first=latest_first):
            if time_left() < _RESERVE:
                break
            try:
                self._reconcile(item, result)
            except (Conflict, NotFound):
                continue  # it has moved on by itself
            except (SignalboxError, ValueError) as error:
                result.failed += 1
                if len(result.troubles) < _MAX_REPORTED_ERRORS:
                    result.troubles[item.task] = type(error).__name__
        return result

    def _reconcile(self, item: DueItem, result: ReconcileResult) -> None:
        if item.notification:
            before = self.notifications.get(item.task, item.notification)
            self._send(before, result)
            return
        task, now = self.tasks.get(item.task), self.clock()
        if task.due_at is None or task.due_at > now:
            self._postpone(task, result)
        elif task.status is TaskStatus.RUNNING:
            self.tasks.replace(task, lease_ended(task, now, _BY))
            result.leases += 1
        elif task.approval_is_over(now):
            self.tasks.replace(task, approval_expired(task, now, _BY))
            result.tasks += 1
        else:
            self.dispatch(task.model_copy(update={"sent_at": None}), task.undispatched)
            result.tasks += 1

    def _postpone(self, task: Task, result: ReconcileResult) -> None:
        """Move the entry of a task that was met before it is due, unless it soon is."""
        now, entry, due_at = self.clock(), task.indexed_due_at, task.due_at
        if entry is None or due_at is None or entry > now or due_at - now <= _SOON:
            return
        self.tasks.replace(task, entry_at_due_time(task))
        result.postponed += 1

    def _send(self, before: Notification, result: ReconcileResult) -> None:
        now = self.clock()
        if before.due_at is None or before.due_at > now:
            return
        waiting = before
        digests = self.dispatch.notify.digests
        if before.hold and digests and (settled := digests.settled(before)):
            self.notifications.replace(before, settled)
            return
        if before.hold:
            waiting = released_from_hold(before, now)
            self.notifications.replace(before, waiting)
        self.notification_queue.send(waiting.connector, waiting)
        self.notifications.replace(waiting, sent(waiting, now))
        result.notifications += 1
