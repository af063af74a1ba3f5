"""Queues."""

from dataclasses import dataclass
from datetime import datetime

from signalbox_client.models.tasks import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """When a queue was paused, by whom and why."""

    at: datetime
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """The status of a queue.

    `pause` is None if tasks are handed out.

    `drain_seconds` estimates when the queue will be empty if no task is added, from the throughput
    of the last ten minutes. It is None without throughput.
    """

    priority: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int
    oldest_seconds: int | None
    pause: Pause | None = None
    drain_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueList:
    """All queues, the most urgent first."""

    queues: tuple[QueueStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePause:
    """A queue and its pause, None if it is not paused. It takes effect within 30 seconds."""

    priority: Priority
    pause: Pause | None
