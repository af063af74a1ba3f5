"""Stops the giving out of tasks from a queue, and lets it go on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from signalbox.models.config import Pause
from signalbox.models.task import Priority
from signalbox.services.ports.core import Clock


class PauseStore(Protocol):
    """Where it is kept which queues are paused; reads may be some seconds old."""

    def pauses(self) -> Sequence[Pause]:
        """Every queue that is paused."""

    def invalidate(self) -> None:
        """Lets the next read be of what is kept now."""

    def put(self, thing: Pause) -> None:
        """Keeps the pause in place of one of the same queue."""

    def remove(self, thing: Pause) -> None:
        """Ends the pause, if there is one of its queue."""


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
