"""Measure the backlog of the queues."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.ports.tasks import QueueDepth, TaskQueue, TaskStore
from signalbox.services.ports.time import Clock

_MAX_TASKS_READ: Final = 500
_MAX_DELAYED_TASKS_READ: Final = 2_000


@frozen
class QueueBacklog:
    """The backlog of one queue.

    `oldest_seconds` is the age of its oldest waiting task since creation, or since it may start.

    It is None if no task waits, or if 500 tasks of other priorities or 2,000 delayed ones are
    older.
    """

    priority: Priority
    depth: QueueDepth
    oldest_seconds: int | None


@frozen
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
        oldest = set[Priority]()
        waiting = self.tasks.oldest(TaskStatus.PENDING, chunk=50)
        startable = (
            task
            for task in islice(waiting, _MAX_DELAYED_TASKS_READ)
            if not (task.waits_for or task.limited_by)
            and (task.not_before is None or task.not_before <= now)
        )
        for task in islice(startable, _MAX_TASKS_READ):
            since = max(task.created_at, task.not_before or task.created_at)
            ages[task.priority] = max(
                ages.get(task.priority, 0), int((now - since).total_seconds())
            )
            # of those that may start at once, the first is the oldest
            oldest |= set() if task.not_before else {task.priority}
            if len(oldest) == len(Priority):
                break
        return ages
