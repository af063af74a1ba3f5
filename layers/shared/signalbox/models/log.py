"""The log of a task: one log for all of its attempts.

A worker numbers its lines from 1 under each lease and sends them in batches. A batch is stored as
one chunk, whose position is the one after the last stored line. So the lines are in the order in
which they were accepted, without gaps, and a repeated batch finds its lines stored.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.errors import LeaseLost, LogGap
from signalbox.models.redaction import redacted

LINE_LENGTH: Final = 4_000
BATCH_LINES: Final = 500
BATCH_BYTES: Final = 60_000
"""With six bytes for a control character in JSON a batch still fits into an item of 400 KB."""

LOG_LINES: Final = 20_000
LOG_BYTES: Final = 4_000_000
LOG_FULL: Final = "[signalbox] the log is full; nothing more is kept"

MIN_LOG_RETENTION: Final = timedelta(days=7)


class Batch(Model):
    """Lines as a worker sends them: `seq` is the worker's number of the first."""

    seq: int = Field(ge=1)
    attempt: int
    fence: int
    lines: tuple[str, ...]

    @property
    def end(self) -> int:
        """Return the worker's number after the last line."""
        return self.seq + len(self.lines)


class LogLine(Model):
    """A line as clients see it: `seq` is its position in the log, from 1 without gaps.

    `at` is when it was received, `attempt` the attempt that printed it; `masked` marks that
    something in it looked like a secret and is stored as `[masked]`.
    """

    seq: int
    at: UtcDatetime
    attempt: int
    text: str
    masked: bool = False


class Chunk(Model):
    """Lines that were received together.

    `first` is the position of the first line in the log, `seq` the worker's number of it under the
    lease with this `fence`. `size` is the size of the log in bytes up to the end of the chunk;
    `masked` has the positions of lines in which something was masked.
    """

    first: int
    seq: int
    fence: int
    attempt: int
    at: UtcDatetime
    size: int
    lines: tuple[str, ...]
    masked: frozenset[int] = frozenset()

    @property
    def last(self) -> int:
        """Return the position of the last line."""
        return self.first + len(self.lines) - 1

    @property
    def full(self) -> bool:
        """Return whether the log is full. The last line says so, and later lines are dropped."""
        return self.last >= LOG_LINES or self.size >= LOG_BYTES

    def behind(self, place: int) -> Iterator[LogLine]:
        """Yield the lines after this position."""
        for seq, text in enumerate(self.lines, self.first):
            if seq > place:
                masked = seq in self.masked
                yield LogLine(seq=seq, at=self.at, attempt=self.attempt, text=text, masked=masked)


def next_chunk(last: Chunk | None, batch: Batch, now: datetime) -> Chunk | None:
    """Return the part of a batch that is new, as a chunk after the last one, or None.

    Everything that looks like a secret is masked.

    Raises:
        LeaseLost: A later lease has appended lines.
        LogGap: Lines before the batch are missing.
    """
    if last and last.fence > batch.fence:
        raise LeaseLost("the lease is not the current one")
    if last and last.full:
        return None
    expected = last.seq + len(last.lines) if last and last.fence == batch.fence else 1
    if batch.seq > expected:
        raise LogGap(f"the next line has seq {expected}")
    lines = batch.lines[expected - batch.seq :]
    if not lines:
        return None
    first = last.last + 1 if last else 1
    kept = tuple(redacted(line) for line in lines)
    pairs = enumerate(zip(lines, kept, strict=True), first)
    chunk = Chunk(
        first=first,
        seq=expected,
        fence=batch.fence,
        attempt=batch.attempt,
        at=now,
        size=(last.size if last else 0) + text_size(lines),
        lines=kept,
        masked=frozenset(place for place, (sent, stored) in pairs if sent != stored),
    )
    return _closed(chunk) if chunk.full else chunk


def text_size(lines: Iterable[str]) -> int:
    """Return the size of some lines in bytes."""
    return sum(len(line.encode()) for line in lines)


def _closed(chunk: Chunk) -> Chunk:
    """Return the chunk as the last one of a full log."""
    kept = chunk.lines[: LOG_LINES - chunk.first]
    return chunk.model_copy(update={"lines": (*kept, LOG_FULL)})


def log_expires_at(now: datetime, retention: int) -> datetime | None:
    """Return when a chunk expires, None for never; `retention` is that of the task in seconds.

    The end of the task is not known yet, so it is counted from the chunk, and lasts at least a
    week.
    """
    return now + max(timedelta(seconds=retention), MIN_LOG_RETENTION) if retention else None
