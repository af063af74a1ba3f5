"""What is sent while a handler runs: heartbeats and lines of the log; without I/O.

A heartbeat is due after each third of the lease, or more often. If none has succeeded for two
thirds, the handler must stop: the rest of the lease is the time for that before another worker may
begin.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from signalbox_client import operations
from signalbox_client.attempt import Attempt, StopReason
from signalbox_client.errors import Conflict, NotFound, ServerError, TooManyRequests, Unreachable
from signalbox_client.models import Heartbeat, LogRoom
from signalbox_client.operations import Operation
from signalbox_client.pacing import WorkerOptions

T = TypeVar("T")

UNAVAILABLE: Final = (ServerError, TooManyRequests, Unreachable)
"""After these errors the same request may succeed later."""

_MIN_TIMEOUT: Final = 2.0
_MAX_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[T]):
    """An operation, and what its response or its error means for the attempt."""

    operation: Operation[T]
    accept: Callable[[T], None]
    refuse: Callable[[Exception], None]


class Keeper:
    """Keeps the lease of an attempt. `expires_at` is until when it is certainly valid."""

    def __init__(
        self,
        attempt: Attempt,
        options: WorkerOptions,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempt = attempt
        self._seconds = options.lease_seconds
        self._period = options.heartbeat_period
        self._monotonic = monotonic
        self._since = monotonic()
        self._due = self._since + self._period
        self.timeout = min(max(self._seconds / 6, _MIN_TIMEOUT), _MAX_TIMEOUT)

    @property
    def expires_at(self) -> float:
        """Return until when the lease is certainly valid, on the monotonic clock."""
        return self._since + self._seconds

    def may_continue(self) -> bool:
        """Return whether the handler may continue; without heartbeats for long it must stop."""
        if self._monotonic() >= self._since + self._seconds * 2 / 3:
            self._attempt.stop(StopReason.UNHEARD)
        return self._attempt.stop_reason is None

    def log_step(self) -> Step[LogRoom] | None:
        """Return what sends the next lines, None if none wait."""
        batch = self._attempt.lines.batch()
        if batch is None:
            return None
        first, lines = batch
        operation = operations.append_log(self._attempt.task.id, self._attempt.lease, lines, first)
        return Step(
            operation=operation.once(self.timeout), accept=self._stored, refuse=self._not_stored
        )

    def heartbeat_step(self) -> Step[Heartbeat] | None:
        """Return the heartbeat, None if it is not due."""
        now = self._monotonic()
        if now < self._due:
            return None

        def accept(response: Heartbeat) -> None:
            self._since = now
            self._due = now + self._period
            if response.action == "cancel":
                self._attempt.stop(StopReason.CANCELLED)

        operation = operations.heartbeat(
            self._attempt.task.id,
            self._attempt.lease,
            self._seconds,
            self._attempt.last_progress or None,
        )
        return Step(operation=operation.once(self.timeout), accept=accept, refuse=self._unheard)

    def _unheard(self, error: Exception) -> None:
        self._due = self._monotonic() + self._period / 5
        if isinstance(error, Conflict | NotFound):
            self._attempt.stop(StopReason.LOST)

    def _stored(self, room: LogRoom) -> None:
        self._attempt.lines.stored(is_full=not (room.lines_left and room.bytes_left))

    def _not_stored(self, error: Exception) -> None:
        if not isinstance(error, UNAVAILABLE):
            self._attempt.lines.close()
