"""Measure the backlog of the queues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from signalbox.models.task import Priority, TaskStatus
from signalbox.services.ports.tasks import QueueDepth, TaskQueue, TaskStore
from signalbox.services.ports.time import Clock

_MAX_TASKS_READ: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueBacklog:
    """The backlog of one queue.

    `oldest_seconds` is the age of its oldest waiting task since creation.

    It is None if no task waits, or if 500 tasks of other priorities are older.
    """

    priority: Priority
    depth: QueueDepth
    oldest_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureBacklog:
    """Measure the backlog of the queues."""

    queue: TaskQueue
    tasks: TaskStore
    clock: Clock

    def __call__(self) -> Sequence[QueueBacklog]:
        """Return the backlog of each queue, the most urgent first.

        Raises:
            Unavailable: The queues or the table did not answer.
        """
        oldest = self.oldest()
        return [
            QueueBacklog(priority=depth.queue, depth=depth, oldest_seconds=oldest.get(depth.queue))
            for depth in self.queue.depths()
        ]

    def oldest(self) -> Mapping[Priority, int]:
        """Return the age in seconds of the oldest waiting task of each queue that has one.

        Raises:
            Unavailable: The table did not answer.
        """
        now = self.clock()
        ages: dict[Priority, int] = {}
        waiting = self.tasks.oldest(TaskStatus.PENDING, chunk=50)
        for task in islice(waiting, _MAX_TASKS_READ):
            age = int((now - task.created_at).total_seconds())
            ages.setdefault(task.priority, max(0, age))
            if len(ages) == len(Priority):
                break
        return ages
