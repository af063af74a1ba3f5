"""Let no more tasks of a kind or group run at once than their limit.

A claim takes a slot before it writes its lease, each by a conditional write. A task without a slot
is parked: it gives its message up, and gets another one when a slot is free. The dispatcher notices
that, and maintenance where the dispatcher has not.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final

from signalbox.models.dependencies import checked
from signalbox.models.errors import Conflict, NotFound, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import notified
from signalbox.models.rate_limits import ConcurrencyLimits
from signalbox.models.slots import (
    limit_of,
    parked,
    position_of,
    still_held,
    taken,
    task_at,
    unparked,
)
from signalbox.models.task import Task, TaskStatus
from signalbox.services.ports.concurrency import ConcurrencyStore, ParkedTask
from signalbox.services.ports.tasks import TaskQueue, TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.find_task import find_task

_MAX_WRITES: Final = 20
_MAX_STALE: Final = 200
"""How many entries of tasks that wait no longer one call removes."""


@frozen
class TaskSlots:
    """Take slots for tasks, park tasks that find none, and send them on when one is free."""

    tasks: TaskStore
    store: ConcurrencyStore
    queue: TaskQueue
    clock: Clock
    limits: Callable[[], ConcurrencyLimits]

    def take(self, task: Task, limits: Mapping[str, int]) -> str | None:
        """Take each slot for a task that is about to be claimed; return one that is full, or None.

        Raises:
            Unavailable: A store did not answer.
            WriteConflict: Others were faster too often.
        """
        return next((slot for slot in limits if not self._take(slot, task, limits[slot])), None)

    def park(self, task: Task, slot: str) -> bool:
        """Let the task wait for a slot without a message; return False if there is one by now.

        Raises:
            WriteConflict: The task has changed.
        """
        after = parked(task, slot, self.clock())
        self.tasks.replace(task, after)
        # only now, since one that is not marked as waiting is removed
        self.store.add_waiting(slot, _entry_of(after))
        # whoever gave a slot back before the task was among those that wait has not seen it
        return self._free(slot) == 0

    def unpark(self, task: Task) -> Task:
        """Return the task that waits for a slot no longer, since it has a message all the same.

        Raises:
            WriteConflict: The task has changed.
        """
        after = unparked(task, self.clock())
        self.tasks.replace(task, after)
        return after

    def give_back(self, slots: Iterable[str]) -> None:
        """Send on those that found slots full only because of a claim that has come to nothing.

        Raises:
            Unavailable: A store or a queue did not answer.
        """
        for slot in slots:
            self.send_waiting(slot)

    def send_waiting(self, slot: str) -> bool:
        """Send on as many of the tasks that wait for a slot as are free, the earliest first.

        Return False if there were too many entries of tasks that wait no longer to look at all.

        Raises:
            Unavailable: A store or a queue did not answer.
        """
        free, stale = self._free(slot), 0
        for waiting in self.store.waiting(slot):
            if free <= 0:
                return True
            if stale >= _MAX_STALE:
                return False
            if self._send(task_at(waiting.position), slot):
                free -= 1
            else:
                stale += 1
            # it stays if its message was met by a claim that found the slot full again
            self.store.remove_waiting(slot, waiting)
        return True

    def of_parked(self, task: Task, *, is_dispatched: bool) -> None:
        """Look at the slot that a task waits for, and mark the task if its changes are dispatched.

        Raises:
            Unavailable: A store or a queue did not answer.
        """
        with suppress(Conflict, NotFound):
            before = self.tasks.get(task.id)
            if before.limited_by:
                self.store.add_waiting(before.limited_by, _entry_of(before))
                self.send_waiting(before.limited_by)
                before = self.tasks.get(task.id)
            if is_dispatched and before.limited_by and before.version == task.version:
                self.tasks.replace(before, checked(notified(before), self.clock()))

    def _send(self, task: TaskId, slot: str) -> bool:
        """Send a message for a task that waits for the slot; return False if it does not."""
        before = self._read(task)
        if before is None or before.status is not TaskStatus.PENDING or before.limited_by != slot:
            return False
        self.queue.send(before.priority, [task], tenant=before.tenant)
        with suppress(Conflict, NotFound):  # the claim that meets the message does the same
            self.unpark(before)
        return True

    def _free(self, slot: str) -> int:
        """Return how many slots are free, after those that are held no longer were given back."""
        limit = limit_of(slot, self.limits())
        for _ in range(_MAX_WRITES):
            before = self.store.holders(slot)
            after = still_held(before, self._read)
            with suppress(WriteConflict):
                if after is not before:
                    self.store.replace(slot, before, after)
                # without a limit each of them may run
                return max(0, (_MAX_STALE if limit is None else limit) - len(after.holders))
        raise Unavailable("the slots change too fast")

    def _take(self, slot: str, task: Task, limit: int) -> bool:
        for _ in range(_MAX_WRITES):
            before = self.store.holders(slot)
            after = taken(before, task, limit) or taken(still_held(before, self._read), task, limit)
            if after is None:
                return False
            with suppress(WriteConflict):
                self.store.replace(slot, before, after)
                return True
        raise WriteConflict("the slots change too fast")

    def _read(self, task: TaskId) -> Task | None:
        return find_task(self.tasks, task)


def _entry_of(task: Task) -> ParkedTask:
    """Return the entry of a parked task among those that wait."""
    revision = task.relations.revision if task.relations else 0
    return ParkedTask(position=position_of(task), revision=revision)
