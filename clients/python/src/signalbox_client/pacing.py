"""How a worker is paced: its leases, and the pauses between claims."""

from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final

from signalbox_client.errors import ApiError, SignalboxError

_FIRST_PAUSE: Final = 1.0
_MAX_PAUSE: Final = 30.0
_MIN_PERIOD: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """The options of a worker; times are in seconds.

    A lease is extended every `heartbeat_seconds`, by default after each third of it; a handler
    learns by the next heartbeat that its task was cancelled. A claim waits for a task for
    `wait_seconds`, at most 20. After `stop`, tasks that run have `grace_seconds` to end, then they
    return to their queue; that takes `release_seconds` at most. Every `tick_seconds` lines of logs
    are sent.

    Raises:
        ValueError: An option is not in its range.
    """

    concurrency: int = 1
    lease_seconds: int = 60
    heartbeat_seconds: float | None = None
    wait_seconds: int = 10
    grace_seconds: float = 20.0
    release_seconds: float = 5.0
    tick_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        ranges = {
            "concurrency": (1, 1_000),
            "lease_seconds": (10, 43_200),
            "heartbeat_period": (0.01, self.lease_seconds / 3),
            "wait_seconds": (0, 20),
            "grace_seconds": (0, 43_200),
            "release_seconds": (0, 60),
            "tick_seconds": (0.01, 3),
        }
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} has to be from {least:g} to {most:g}")

    @property
    def heartbeat_period(self) -> float:
        """Return the seconds between heartbeats."""
        if self.heartbeat_seconds is None:
            return self.lease_seconds / 3
        return self.heartbeat_seconds


@dataclass(slots=True)
class Pacing:
    """The pauses between claims: none after a task, longer ones while the API is unavailable."""

    random: SystemRandom = field(default_factory=SystemRandom)
    _pause: float = field(default=_FIRST_PAUSE, init=False)

    def claimed(self) -> float:
        """Return the pause after a claim that got a task."""
        self._pause = _FIRST_PAUSE
        return 0.0

    def empty(self, took: float) -> float:
        """Return the pause after a claim that got none and took this long."""
        self._pause = _FIRST_PAUSE
        return max(0.0, _MIN_PERIOD - took)

    def failed(self, error: SignalboxError) -> float:
        """Return the pause after an error: at least Retry-After, twice as long each time."""
        pause = self.random.uniform(self._pause / 2, self._pause)
        self._pause = min(self._pause * 2, _MAX_PAUSE)
        return max(pause, error.retry_after) if isinstance(error, ApiError) else pause
