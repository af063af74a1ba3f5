"""Logs of tasks: workers append, readers fetch pages or follow."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from signalbox.models.errors import WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import current_lease
from signalbox.models.log import (
    LOG_BYTES,
    LOG_LINES,
    Batch,
    Chunk,
    LogLine,
    log_expires_at,
    next_chunk,
    text_size,
)
from signalbox.models.task import TaskStatus
from signalbox.services.ports.task_logs import LogStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock, Sleep
from signalbox.services.tasks.leases import LeaseRef

_MAX_WRITES: Final = 5
_MAX_LINES: Final = 5_000
_MAX_BYTES: Final = 500_000
"""How many bytes of text one response contains at most; Lambda allows 6 MB of JSON."""

_MAX_WAIT_SECONDS: Final = 25.0
_LINGER_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 1.0
_RESERVE_SECONDS: Final = 3.0


@frozen
class AppendLogResult:
    """How many lines of a batch are new, and how much more the log accepts.

    When no lines or no bytes are left, further lines are dropped.
    """

    stored: int
    lines_left: int
    bytes_left: int


@frozen
class AppendLog:
    """Append lines to the log of a task."""

    tasks: TaskStore
    logs: LogStore
    clock: Clock

    def __call__(self, lease_ref: LeaseRef, seq: int, lines: Sequence[str]) -> AppendLogResult:
        """Store lines, the first of which has the worker's number `seq`. Repeats change nothing.

        Raises:
            NotFound: There is no such task.
            LeaseLost: The lease is not the current one.
            LogGap: Lines before these are missing.
        """
        task = self.tasks.get(lease_ref.task)
        current_lease(task, lease_ref.lease, lease_ref.fence)
        batch = Batch(seq=seq, attempt=task.attempt, fence=lease_ref.fence, lines=tuple(lines))
        for _ in range(_MAX_WRITES):
            last = self.logs.last(task.id)
            chunk = next_chunk(last, batch, self.clock())
            if chunk is None:
                return _append_result(last, stored=0)
            if self.logs.add(task.id, chunk, log_expires_at(chunk.at, task.retention)):
                return _append_result(chunk, stored=len(chunk.lines) - chunk.full)
        raise WriteConflict("the log grows too fast")


@frozen
class LogPage:
    """Some lines, and whether there are more now.

    `finished` means that the task has finished, so that no lines will follow.
    """

    lines: Sequence[LogLine]
    more: bool
    finished: bool


@frozen
class ReadLog:
    """Read pages of a log."""

    tasks: TaskStore
    logs: LogStore

    def __call__(self, task: TaskId, *, after: int, limit: int) -> LogPage:
        """Return at most `limit` lines after the position `after`.

        Raises:
            NotFound: There is no such task.
        """
        # read the task first: the log of a finished task is complete
        finished = self.tasks.get(task).finished
        begun = self.logs.last(task, until=after) if after else None
        lines: list[LogLine] = []
        more = _take(_lines_after(self.logs, task, after, begun), lines, limit)
        return LogPage(lines=lines, more=more, finished=finished)


@frozen
class FollowLogResult:
    """The next lines for a follower.

    `reset` means that its position never existed, so that the lines start with the first. `place`
    is the position of the last line. `ended` is the status of a finished task, after its last line.
    """

    lines: Sequence[LogLine]
    place: int
    reset: bool
    ended: TaskStatus | None


@frozen
class FollowLog:
    """Wait for lines.

    API Gateway buffers a response until it is complete, so a follower polls. A response with lines
    waits shortly for more; one without lines waits as long as it may.
    """

    tasks: TaskStore
    logs: LogStore
    clock: Clock
    sleep: Sleep

    def __call__(self, task: TaskId, after: int | None, *, seconds: float) -> FollowLogResult:
        """Return lines after the position `after`, within `seconds`; None is an invalid position.

        Raises:
            NotFound: There is no such task.
        """
        until = self.clock() + timedelta(seconds=min(_MAX_WAIT_SECONDS, seconds - _RESERVE_SECONDS))
        begun = self._chunk_at(task, after) if after else None
        reset = begun is None and after != 0
        place = after if begun and after else 0
        lines: list[LogLine] = []
        while True:
            current = self.tasks.get(task)
            more = _take(_lines_after(self.logs, task, place, begun), lines, _MAX_LINES)
            if lines:
                until = min(until, self.clock() + timedelta(seconds=_LINGER_SECONDS))
            place = lines[-1].seq if lines else place
            ended = current.status if current.finished and not more else None
            if ended or more or self.clock() + timedelta(seconds=_POLL_SECONDS) > until:
                return FollowLogResult(lines=lines, place=place, reset=reset, ended=ended)
            self.sleep(_POLL_SECONDS)

    def _chunk_at(self, task: TaskId, place: int) -> Chunk | None:
        """Return the chunk that contains the line at this position, or None."""
        current = self.logs.last(task, until=place)
        return current if current and current.last >= place else None


def _append_result(last: Chunk | None, *, stored: int) -> AppendLogResult:
    return AppendLogResult(
        stored=stored,
        lines_left=LOG_LINES - last.last if last else LOG_LINES,
        bytes_left=max(0, LOG_BYTES - last.size) if last else LOG_BYTES,
    )


def _lines_after(
    logs: LogStore, task: TaskId, place: int, begun: Chunk | None
) -> Iterator[LogLine]:
    """Yield the lines after a position; `begun` is the chunk that may contain it."""
    if begun:
        yield from begun.behind(place)
    for chunk in logs.after(task, place):
        yield from chunk.behind(place)


def _take(lines: Iterator[LogLine], taken: list[LogLine], limit: int) -> bool:
    """Add lines to `taken` up to the limits and return whether lines are left."""
    size = text_size(line.text for line in taken)
    for line in lines:
        if len(taken) == limit or size > _MAX_BYTES:
            return True
        taken.append(line)
        size += len(line.text.encode())
    return False
