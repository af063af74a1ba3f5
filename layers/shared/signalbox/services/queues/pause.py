"""Stops the giving out of tasks from a queue, and lets it go on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from signalbox.models.config import Pause
from signalbox.models.task import Priority
from signalbox.services.ports.config import PauseStore
from signalbox.services.ports.time import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseQueues:
    """Pauses and resumes queues. Every process knows of it within half a minute.

    Messages stay where they are, and who holds a task goes on with it.
    """

    config: PauseStore
    clock: Clock

    def pause(self, priority: Priority, *, by: str, reason: str | None = None) -> Pause:
        """The pause that holds now: the earlier one where the queue is paused already."""
        kept = self.now().get(priority)
        if kept:
            return kept
        pause = Pause(priority=priority, at=self.clock(), by=by, reason=reason)
        self.config.put(pause)
        return pause

    def resume(self, priority: Priority) -> bool:
        """Whether the queue was paused."""
        kept = self.now().get(priority)
        if kept is None:
            return False
        self.config.remove(kept)
        return True

    def now(self) -> Mapping[Priority, Pause]:
        """The pauses that are kept now."""
        self.config.invalidate()
        return {pause.priority: pause for pause in self.config.pauses()}

    def paused(self) -> Collection[Priority]:
        """Which queues nothing is given from; may be half a minute old."""
        return {pause.priority for pause in self.config.pauses()}
