"""Logs of tasks: a worker appends, readers take pages or follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from signalbox.models.errors import WriteConflict
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
from signalbox.services.ports.tasks import LogStore, TaskStore
from signalbox.services.ports.time import Clock, Sleep
from signalbox.services.tasks.leases import LeaseRef

_TRIES: Final = 5
_LINES: Final = 5_000
_BYTES: Final = 500_000
"""How many bytes of text are read for one answer; Lambda's may hold 6 MB of JSON."""

_HOLD: Final = 25.0
_LINGER: Final = 2.0
_POLL: Final = 1.0
_RESERVE: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendLogResult:
    """What became of a batch: how many of its lines are new, and what the log takes still.

    Once no lines or no bytes are left, further lines are dropped.
    """

    stored: int
    lines_left: int
    bytes_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendLog:
    """Keeps what a worker says."""

    tasks: TaskStore
    logs: LogStore
    clock: Clock

    def __call__(self, held: LeaseRef, seq: int, lines: Sequence[str]) -> AppendLogResult:
        """Keeps lines, the first of which the worker numbered `seq`; again changes nothing.

        Raises NotFound, LeaseLost where the lease is not the current one, LogGap where lines
        before these are missing.
        """
        task = self.tasks.get(held.task)
        current_lease(task, held.lease, held.fence)
        batch = Batch(seq=seq, attempt=task.attempt, fence=held.fence, lines=tuple(lines))
        for _ in range(_TRIES):
            last = self.logs.last(task.id)
            chunk = next_chunk(last, batch, self.clock())
            if chunk is None:
                return _appended(last, stored=0)
            if self.logs.add(task.id, chunk, log_expires_at(chunk.at, task.retention)):
                return _appended(chunk, stored=len(chunk.lines) - chunk.full)
        raise WriteConflict("the log grows too fast")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some lines, and whether more stand behind them now.

    `finished` says that the task is, so that no others will come.
    """

    lines: Sequence[LogLine]
    more: bool
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """Reads a log."""

    tasks: TaskStore
    logs: LogStore

    def __call__(self, task: TaskId, *, after: int, limit: int) -> LogPage:
        """At most `limit` lines behind the place `after`. Raises NotFound."""
        # the task is asked first: all that a finished one had to say is there by then
        finished = self.tasks.get(task).finished
        begun = self.logs.last(task, until=after) if after else None
        lines: list[LogLine] = []
        more = _take(_behind(self.logs, task, after, begun), lines, limit)
        return LogPage(lines=lines, more=more, finished=finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLogResult:
    """What a follower is told next. `reset` says that the place it named was never there.

    Then the lines begin with the first. `place` is that of the last line it knows now. `ended` is
    how the task did, where no others will come.
    """

    lines: Sequence[LogLine]
    place: int
    reset: bool
    ended: TaskStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLog:
    """Waits for lines.

    API Gateway hands an answer on when it is complete, so a follower asks again and again. An
    answer with lines waits a little for more of them; one without waits for as long as it may.
    """

    tasks: TaskStore
    logs: LogStore
    clock: Clock
    sleep: Sleep

    def __call__(self, task: TaskId, after: int | None, *, seconds: float) -> FollowLogResult:
        """Lines behind the place `after`, within `seconds`; None is a place that cannot be.

        Raises NotFound.
        """
        until = self.clock() + timedelta(seconds=min(_HOLD, seconds - _RESERVE))
        begun = self._at(task, after) if after else None
        reset = begun is None and after != 0
        place = after if begun and after else 0
        lines: list[LogLine] = []
        while True:
            found = self.tasks.get(task)
            more = _take(_behind(self.logs, task, place, begun), lines, _LINES)
            if lines:
                until = min(until, self.clock() + timedelta(seconds=_LINGER))
            place = lines[-1].seq if lines else place
            ended = found.status if found.finished and not more else None
            if ended or more or self.clock() + timedelta(seconds=_POLL) > until:
                return FollowLogResult(lines=lines, place=place, reset=reset, ended=ended)
            self.sleep(_POLL)

    def _at(self, task: TaskId, place: int) -> Chunk | None:
        """The chunk that the line of this place stands in, None where there is no such line."""
        found = self.logs.last(task, until=place)
        return found if found and found.last >= place else None


def _appended(last: Chunk | None, *, stored: int) -> AppendLogResult:
    return AppendLogResult(
        stored=stored,
        lines_left=LOG_LINES - last.last if last else LOG_LINES,
        bytes_left=max(0, LOG_BYTES - last.size) if last else LOG_BYTES,
    )


def _behind(logs: LogStore, task: TaskId, place: int, begun: Chunk | None) -> Iterator[LogLine]:
    """The lines behind a place; `begun` is the chunk that it lies in, where that may be."""
    if begun:
        yield from begun.behind(place)
    for chunk in logs.after(task, place):
        yield from chunk.behind(place)


def _take(lines: Iterator[LogLine], taken: list[LogLine], limit: int) -> bool:
    """Adds lines to those taken until there are enough; says whether any are left."""
    size = text_size(line.text for line in taken)
    for line in lines:
        if len(taken) == limit or size > _BYTES:
            return True
        taken.append(line)
        size += len(line.text.encode())
    return False
