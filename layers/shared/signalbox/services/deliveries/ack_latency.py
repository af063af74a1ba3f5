"""How long senders wait for an answer, recorded without a write of its own."""

from collections import deque
from typing import Final

_MAX_PENDING: Final = 50


class AckLatencies:
    """The latencies of answers, in milliseconds, that no record contains yet.

    The latency of an answer is known only after the record of its request was written, so the next
    record of the same process carries it. The last ones are lost with the process: they are a
    measurement, not a count.
    """

    def __init__(self) -> None:
        self._untold: deque[int] = deque(maxlen=_MAX_PENDING)

    def add(self, milliseconds: int) -> None:
        """Add the latency of an answer."""
        self._untold.append(milliseconds)

    @property
    def pending(self) -> tuple[int, ...]:
        """The latencies that the next record should carry."""
        return tuple(self._untold)

    def flush(self) -> None:
        """Drop the latencies, which a record carries now."""
        self._untold.clear()
