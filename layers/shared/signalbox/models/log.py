"""What workers say of a task while they hold it: one log a task, however many attempts it takes.

A worker numbers its lines from 1 under each lease and sends them in batches. A batch is kept as one
chunk, whose place in the log is the one behind the last line kept. So lines stand in the order in
which they were accepted, without a hole, and a batch sent again finds its lines already there.
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
"""At six bytes for a control character in JSON this still fits into an item of 400 KB."""

LOG_LINES: Final = 20_000
LOG_BYTES: Final = 4_000_000
LOG_FULL: Final = "[signalbox] the log is full; nothing more is kept"

MIN_LOG_RETENTION: Final = timedelta(days=7)


class Batch(Model):
    """Lines as a worker sends them: `seq` is the worker's own number of the first."""

    seq: int = Field(ge=1)
    attempt: int
    fence: int
    lines: tuple[str, ...]

    @property
    def end(self) -> int:
        """Return the worker's number of the line after these."""
        return self.seq + len(self.lines)


class LogLine(Model):
    """A line as readers see it: `seq` is its place in the log, from 1 without a hole.

    `at` is when it came, `attempt` which one it speaks of, `masked` whether something in it looked
    like a secret and is stored as `[masked]`.
    """

    seq: int
    at: UtcDatetime
    attempt: int
    text: str
    masked: bool = False


class Chunk(Model):
    """Lines that came together.

    `first` is the place of the first one in the log, `seq` its worker's own number under the lease
    that `fence` counts. `size` is the bytes of the log up to the end of the chunk, `masked` the
    places of lines in which something was masked.
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
        """Return the place of the last line."""
        return self.first + len(self.lines) - 1

    @property
    def full(self) -> bool:
        """Return whether the log ends here for good.

        The last line says so; later ones are dropped.
        """
        return self.last >= LOG_LINES or self.size >= LOG_BYTES

    def behind(self, place: int) -> Iterator[LogLine]:
        """Yield the lines that stand behind this place."""
        for seq, text in enumerate(self.lines, self.first):
            if seq > place:
                masked = seq in self.masked
                yield LogLine(seq=seq, at=self.at, attempt=self.attempt, text=text, masked=masked)


def next_chunk(last: Chunk | None, batch: Batch, now: datetime) -> Chunk | None:
    """Return what of a batch is to be stored behind the last chunk, None if nothing is.

    Anything that looks like a secret is masked.

    Raises:
        LeaseLost: If a later lease has spoken.
        LogGap: If lines before the batch are missing.
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
    """Return the bytes of some lines."""
    return sum(len(line.encode()) for line in lines)


def _closed(chunk: Chunk) -> Chunk:
    """Return the chunk as the last one of its log."""
    kept = chunk.lines[: LOG_LINES - chunk.first]
    return chunk.model_copy(update={"lines": (*kept, LOG_FULL)})


def log_expires_at(now: datetime, retention: int) -> datetime | None:
    """Return when a chunk may be forgotten, None for never; `retention` is the task's, in seconds.

    Nobody knows yet when the task will end, so it is counted from the chunk, and from a week where
    the task is stored for less.
    """
    return now + max(timedelta(seconds=retention), MIN_LOG_RETENTION) if retention else None
