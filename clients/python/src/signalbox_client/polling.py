"""How often a task is read while its end is waited for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from signalbox_client.errors import WaitTimeout

_FIRST_PAUSE: Final = 1.0
_MAX_PAUSE: Final = 10.0
_GROWTH: Final = 1.5


@dataclass(slots=True)
class Polls:
    """The pauses between reads of a task: one second at first, ten at most."""

    task_id: str
    timeout: float | None
    monotonic: Callable[[], float] = time.monotonic
    _next: float = field(default=_FIRST_PAUSE, init=False)
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the time."""
        self._since = self.monotonic()

    def pause(self) -> float:
        """Return the seconds until the next read.

        Raises:
            WaitTimeout: The time is over.
        """
        pause = self._next
        self._next = min(pause * _GROWTH, _MAX_PAUSE)
        if self.timeout is None:
            return pause
        left = self.timeout - (self.monotonic() - self._since)
        if left <= 0:
            raise WaitTimeout(f"{self.task_id} did not finish within {self.timeout:g} seconds")
        return min(pause, left)
