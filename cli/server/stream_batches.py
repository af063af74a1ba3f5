"""Batches of records of a shard: called in order, repeated, split, and given up.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from signalbox.services.pagination import chunked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import JsonValue

    from signalbox.services.ports.time import Clock

DEFAULT_STREAM_BATCH: Final = 100
_FIRST_RETRY: Final = 1.0
_MAX_RETRY: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRules:
    """How a mapping deals with batches. A limit below zero is none; `bisect` splits what failed."""

    batch_size: int = DEFAULT_STREAM_BATCH
    bisect: bool = False
    max_retries: int = -1
    max_age_seconds: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChange:
    """A record as functions get it, where it is in its shard, and when it was written."""

    sequence: str
    written_at: float
    record: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBatch:
    """Changes for one call, which failed so often and is not repeated before a time."""

    changes: tuple[StreamChange, ...]
    failures: int = 0
    not_before: float = 0.0


class BatchQueue:
    """The batches of one shard, of which the first must be done before the next.

    `give_up` gets changes that are too old or failed too often, and the reason in Lambda's words.
    """

    def __init__(
        self,
        rules: StreamRules,
        clock: Clock,
        give_up: Callable[[Sequence[StreamChange], str, int], None],
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._give_up = give_up
        self._batches: deque[StreamBatch] = deque()

    @property
    def is_empty(self) -> bool:
        """Return whether all batches are done."""
        return not self._batches

    def add(self, changes: Sequence[StreamChange]) -> None:
        """Append changes as batches."""
        for batch in chunked(changes, self._rules.batch_size):
            self._batches.append(StreamBatch(changes=tuple(batch)))

    def wait_seconds(self) -> float:
        """Return for how long the first batch is not repeated."""
        return max(0.0, self._batches[0].not_before - self._now()) if self._batches else 0.0

    def run_first(self, call: Callable[[Sequence[StreamChange]], None]) -> str:
        """Call for the first batch, and return the position after it.

        What the call raises is a failure of the batch, and is raised here too.
        """
        batch = self._young(self._batches[0])
        if batch.changes:
            try:
                call(batch.changes)
            except Exception:
                self._batches.popleft()
                self._batches.extendleft(reversed(self._after_failure(batch)))
                raise
        return self._batches.popleft().changes[-1].sequence

    def _after_failure(self, batch: StreamBatch) -> Sequence[StreamBatch]:
        """Return what is left of a failed batch. To split it costs no retry."""
        middle = len(batch.changes) // 2
        if self._rules.bisect and middle:
            halves = batch.changes[:middle], batch.changes[middle:]
            return [replace(batch, changes=half) for half in halves]
        failures = batch.failures + 1
        if 0 <= self._rules.max_retries < failures:
            self._give_up(batch.changes, "RetryAttemptsExhausted", failures)
            return []
        pause = min(_FIRST_RETRY * 2 ** (failures - 1), _MAX_RETRY)
        return [replace(batch, failures=failures, not_before=self._now() + pause)]

    def _young(self, batch: StreamBatch) -> StreamBatch:
        """Return the batch without changes that are too old, which are given up."""
        limit = self._rules.max_age_seconds
        if limit < 0:
            return batch
        oldest = self._now() - limit
        old = [change for change in batch.changes if change.written_at < oldest]
        if old:
            self._give_up(old, "RecordAgeExceeded", batch.failures)
        young = tuple(change for change in batch.changes if change.written_at >= oldest)
        return replace(batch, changes=young)

    def _now(self) -> float:
        return self._clock().timestamp()


def stream_change(record: Mapping[str, object], stream: str) -> StreamChange:
    """Return a record of the stream as Lambda passes it on.

    Raises:
        ValueError: It is no record.
    """
    plain = _plain({**record, "eventSourceARN": stream})
    match plain:
        case {"dynamodb": {"SequenceNumber": str(sequence), **rest}} if isinstance(plain, dict):
            written_at = rest.get("ApproximateCreationDateTime")
            seconds = float(written_at) if isinstance(written_at, int | float) else 0.0
            return StreamChange(sequence=sequence, written_at=seconds, record=plain)
    raise ValueError("a record of a stream has no sequence number")


def _plain(value: object) -> JsonValue:
    match value:
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple() | set():
            return [_plain(inner) for inner in value]
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.timestamp()
        case str() | int() | float() | bool() | None:
            return value
    raise ValueError(f"a stream holds no {type(value).__name__}")
