"""Whether workers keep up with a queue."""

from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.task import Priority
from signalbox.services.ports.tasks import TaskQueue
from signalbox.services.ports.time import Clock

_MAX_AGE: Final = timedelta(seconds=15)
_FEW: Final = 10


@frozen
class IdleQueues:
    """Tell of a queue whether hardly a message waited in it a few seconds ago."""

    queue: TaskQueue
    clock: Clock
    _answers: dict[Priority, tuple[datetime, bool]] = field(default_factory=dict)

    def __call__(self, priority: Priority) -> bool:
        """Return whether the queue is idle; a queue that does not answer is not."""
        now = self.clock()
        if priority in self._answers and now - self._answers[priority][0] < _MAX_AGE:
            return self._answers[priority][1]
        try:
            is_idle = self.queue.waiting(priority) <= _FEW
        except Unavailable:
            is_idle = False
        self._answers[priority] = (now, is_idle)
        return is_idle
