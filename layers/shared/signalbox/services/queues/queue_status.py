"""What waits in the queues, whether it is given out, and for how long it will last."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from math import ceil
from typing import Final

from signalbox.models.config import Pause
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.pagination import Window
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.queues.backlog import MeasureBacklog, QueueBacklog
from signalbox.services.queues.pause import PauseQueues

_LATELY: Final = timedelta(minutes=10)
_LOOKED_AT: Final = 200
_ENDS: Final = (TaskStatus.SUCCEEDED, TaskStatus.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """One queue. `drain_seconds` is when it will be empty if nothing comes and all goes on so.

    It is None where nothing says so: the queue is paused, or no task of it has ended lately.
    """

    state: QueueBacklog
    pause: Pause | None
    drain_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeQueues:
    """Looks into the queues and ahead."""

    inspect: MeasureBacklog
    pausing: PauseQueues
    tasks: TaskStore
    clock: Clock

    def __call__(self) -> Sequence[QueueStatus]:
        """Each queue, the most urgent first. Raises Unavailable."""
        states, pauses = self.inspect(), self.pausing.now()
        pace = self._pace() if any(state.depth.waiting for state in states) else {}
        return [self._outlook(state, pauses, pace) for state in states]

    def _outlook(
        self, state: QueueBacklog, pauses: Mapping[Priority, Pause], pace: Mapping[Priority, float]
    ) -> QueueStatus:
        waiting, pause = state.depth.waiting, pauses.get(state.priority)
        drain = None
        if waiting == 0:
            drain = 0
        elif pause is None and state.priority in pace:
            drain = ceil(waiting / pace[state.priority])
        return QueueStatus(state=state, pause=pause, drain_seconds=drain)

    def _pace(self) -> Mapping[Priority, float]:
        """How many tasks of each queue have ended in a second lately, among those made last."""
        now = self.clock()
        made_last = self.tasks.newest(_ENDS, Window(chunk=_LOOKED_AT))
        seen = list(islice(made_last, _LOOKED_AT))
        lately = [task for task in seen if now - task.updated_at <= _LATELY]
        if not lately:
            return {}
        whole = len(lately) < _LOOKED_AT
        since = now - _LATELY if whole else min(task.updated_at for task in lately)
        seconds = max(1.0, (now - since).total_seconds())
        ended = Counter(task.priority for task in lately)
        return {priority: count / seconds for priority, count in ended.items()}
