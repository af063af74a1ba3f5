"""Lines of a log that wait to be sent."""

from collections import deque
from collections.abc import Sequence
from typing import Final

_LINE_LENGTH: Final = 4_000
_BATCH_LINES: Final = 500
_BATCH_BYTES: Final = 60_000
_MAX_PENDING: Final = 20_000


class LogBuffer:
    """Lines that wait, in batches of the size that the API accepts.

    One thread adds, another sends. A batch without a response is returned again: the API stores
    lines that are sent twice once. In a long outage the oldest lines are dropped.
    """

    def __init__(self) -> None:
        self._waiting: deque[str] = deque(maxlen=_MAX_PENDING)
        self._batch: list[str] = []
        self._sent = 0
        self._closed = False

    def add(self, text: str) -> None:
        """Add a text line by line; long lines are split."""
        if self._closed:
            return
        sendable = text.encode(errors="replace").decode()
        for line in sendable.removesuffix("\n").split("\n"):
            starts = range(0, max(len(line), 1), _LINE_LENGTH)
            self._waiting.extend(line[start : start + _LINE_LENGTH] for start in starts)

    def batch(self) -> tuple[int, Sequence[str]] | None:
        """Return the next lines with the number of the first, None if there are none."""
        if self._closed:
            return None
        self._batch = self._batch or self._next()
        return (self._sent + 1, tuple(self._batch)) if self._batch else None

    def stored(self, *, is_full: bool) -> None:
        """Record that the batch is stored, and whether the log accepts no more."""
        self._sent += len(self._batch)
        self._batch = []
        self._closed = is_full

    def close(self) -> None:
        """Drop what waits, and what is added from now on."""
        self._closed = True

    def _next(self) -> list[str]:
        batch: list[str] = []
        size = 0
        while self._waiting and len(batch) < _BATCH_LINES:
            size += len(self._waiting[0].encode())
            if batch and size > _BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch
