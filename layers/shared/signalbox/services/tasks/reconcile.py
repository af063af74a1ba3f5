"""Heals what the stream or a worker has left undone; runs every minute.

The stream is the fast way and this is the guarantee: whatever is not at rest stands in the agenda
with a time, and what is found there after its time is moved on.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Final

from signalbox.models.errors import Conflict, NotFound, SignalboxError
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import lease_ended
from signalbox.models.notification import sent
from signalbox.models.task import TaskStatus
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.tasks import DueIndex, DueItem, TaskStore
from signalbox.services.ports.time import Clock, TimeLeft
from signalbox.services.tasks.dispatch import DispatchChanges

_BY: Final = "maintenance"
_RESERVE: Final = 10.0
_TOLD: Final = 5
_HALF: Final = 0.5


@dataclass(slots=True, kw_only=True)
class ReconcileResult:
    """How much was found. `failed` could not be moved on and is found again by the next run.

    `troubles` says of the first few tasks among those what kind of error it was.
    """

    tasks: int = 0
    leases: int = 0
    notifications: int = 0
    failed: int = 0
    troubles: dict[TaskId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileOverdue:
    """Moves on what is overdue.

    It begins at either end by chance, since a crowd that cannot be moved on may take all the time
    there is.
    """

    due_index: DueIndex
    tasks: TaskStore
    notifications: NotificationStore
    notification_queue: NotificationQueue
    dispatch: DispatchChanges
    clock: Clock
    random: Random

    def __call__(self, time_left: TimeLeft) -> ReconcileResult:
        """What was moved on before the time was up; the rest waits for the next run."""
        healed = ReconcileResult()
        latest_first = self.random.random() < _HALF
        for overdue in self.due_index.overdue(self.clock(), latest_first=latest_first):
            if time_left() < _RESERVE:
                break
            try:
                self._heal(overdue, healed)
            except (Conflict, NotFound):
                continue  # it has moved on by itself
            except (SignalboxError, ValueError) as error:
                healed.failed += 1
                if len(healed.troubles) < _TOLD:
                    healed.troubles[overdue.task] = type(error).__name__
        return healed

    def _heal(self, overdue: DueItem, healed: ReconcileResult) -> None:
        if overdue.notification:
            before = self.notifications.get(overdue.task, overdue.notification)
            if before.open:
                self.notification_queue.send(before.connector, before)
                self.notifications.replace(before, sent(before, self.clock()))
                healed.notifications += 1
            return
        task = self.tasks.get(overdue.task)
        if task.status is TaskStatus.RUNNING:
            self.tasks.replace(task, lease_ended(task, self.clock(), _BY))
            healed.leases += 1
        elif task.due_at and task.due_at <= self.clock():
            self.dispatch(task.model_copy(update={"sent_at": None}), task.undispatched)
            healed.tasks += 1
