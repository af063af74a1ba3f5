"""Pause and resume the queues of tasks."""

from collections.abc import Collection, Mapping

from signalbox.models.frozen import frozen
from signalbox.models.pause import Pause
from signalbox.models.task import Priority
from signalbox.services.ports.config import PauseStore
from signalbox.services.ports.time import Clock


@frozen
class PauseQueues:
    """Pause and resume queues. Every process sees a change within 30 seconds.

    Messages stay in the queue, and workers keep the tasks that they hold.
    """

    config: PauseStore
    clock: Clock

    def pause(self, priority: Priority, *, by: str, reason: str | None = None) -> Pause:
        """Pause the queue and return its pause; an earlier pause stays."""
        current = self.now().get(priority)
        if current:
            return current
        pause = Pause(priority=priority, at=self.clock(), by=by, reason=reason)
        self.config.put(pause)
        return pause

    def resume(self, priority: Priority) -> bool:
        """Resume the queue and return whether it was paused."""
        current = self.now().get(priority)
        if current is None:
            return False
        self.config.remove(current)
        return True

    def now(self) -> Mapping[Priority, Pause]:
        """Return the pauses as stored now, by queue."""
        self.config.invalidate()
        return {pause.priority: pause for pause in self.config.pauses()}

    def paused(self) -> Collection[Priority]:
        """Return the paused queues; the answer may be 30 seconds old."""
        return {pause.priority for pause in self.config.pauses()}
