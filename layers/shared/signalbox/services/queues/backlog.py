"""What waits in the queues, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from signalbox.models.task import Priority, TaskStatus
from signalbox.services.ports.tasks import QueueDepth, TaskQueue, TaskStore
from signalbox.services.ports.time import Clock

_LOOKED_AT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueBacklog:
    """One queue. `oldest_seconds` is the age, since it was made, of the oldest task that waits.

    It is None where none waits, or where it stands behind 500 older ones of other priorities.
    """

    priority: Priority
    depth: QueueDepth
    oldest_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureBacklog:
    """Looks into the queues."""

    queue: TaskQueue
    tasks: TaskStore
    clock: Clock

    def __call__(self) -> Sequence[QueueBacklog]:
        """Each queue, the most urgent first. Raises Unavailable."""
        oldest = self._oldest()
        return [
            QueueBacklog(priority=depth.queue, depth=depth, oldest_seconds=oldest.get(depth.queue))
            for depth in self.queue.depths()
        ]

    def _oldest(self) -> dict[Priority, int]:
        now = self.clock()
        found: dict[Priority, int] = {}
        waiting = self.tasks.oldest(TaskStatus.PENDING, chunk=50)
        for task in islice(waiting, _LOOKED_AT):
            age = int((now - task.created_at).total_seconds())
            found.setdefault(task.priority, max(0, age))
            if len(found) == len(Priority):
                break
        return found
