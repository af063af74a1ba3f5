"""Describe the queues: their backlog, whether they are paused, and when they will be empty."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice
from math import ceil
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.pause import Pause
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.pagination import Window
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.queues.backlog import MeasureBacklog, QueueBacklog
from signalbox.services.queues.pause import PauseQueues

_THROUGHPUT_WINDOW: Final = timedelta(minutes=10)
_MAX_TASKS_READ: Final = 200
_FINISHED_BY_WORKERS: Final = (TaskStatus.SUCCEEDED, TaskStatus.FAILED)


@frozen
class QueueStatus:
    """The status of one queue.

    `drain_seconds` is when it will be empty at the current throughput if no task is added. It is
    None if the queue is paused, or if none of its tasks has finished lately.
    """

    backlog: QueueBacklog
    pause: Pause | None
    drain_seconds: int | None


@frozen
class DescribeQueues:
    """Describe the queues."""

    inspect: MeasureBacklog
    pausing: PauseQueues
    tasks: TaskStore
    clock: Clock

    def __call__(self) -> Sequence[QueueStatus]:
        """Return the status of each queue, the most urgent first.

        Raises:
            Unavailable: The queues or the table did not answer.
        """
        backlogs, pauses = self.inspect(), self.pausing.now()
        throughput = (
            self._throughput() if any(backlog.depth.waiting for backlog in backlogs) else {}
        )
        return [self._status(backlog, pauses, throughput) for backlog in backlogs]

    def _status(
        self,
        backlog: QueueBacklog,
        pauses: Mapping[Priority, Pause],
        throughput: Mapping[Priority, float],
    ) -> QueueStatus:
        waiting, pause = backlog.depth.waiting, pauses.get(backlog.priority)
        drain = None
        if waiting == 0:
            drain = 0
        elif pause is None and backlog.priority in throughput:
            drain = ceil(waiting / throughput[backlog.priority])
        return QueueStatus(backlog=backlog, pause=pause, drain_seconds=drain)

    def _throughput(self) -> Mapping[Priority, float]:
        """Return how many tasks of each queue finish per second, from those created last."""
        now = self.clock()
        newest = self.tasks.newest(_FINISHED_BY_WORKERS, Window(chunk=_MAX_TASKS_READ))
        read = list(islice(newest, _MAX_TASKS_READ))
        recent = [task for task in read if now - task.updated_at <= _THROUGHPUT_WINDOW]
        if not recent:
            return {}
        complete = len(recent) < _MAX_TASKS_READ
        since = now - _THROUGHPUT_WINDOW if complete else min(task.updated_at for task in recent)
        seconds = max(1.0, (now - since).total_seconds())
        finished = Counter(task.priority for task in recent)
        return {priority: count / seconds for priority, count in finished.items()}
