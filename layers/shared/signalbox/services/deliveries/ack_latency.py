"""How long senders waited for our answers, told without a write of its own."""

from collections import deque
from typing import Final

_KEPT: Final = 50


class AckLatencies:
    """The times, in milliseconds, of answers that no record has told of yet.

    An answer's time is known only after the record of its request was written, so the next record
    of the same process carries it. What the last ones took is lost with the process: it is a
    measurement, not a count.
    """

    def __init__(self) -> None:
        self._untold: deque[int] = deque(maxlen=_KEPT)

    def add(self, milliseconds: int) -> None:
        """Remembers the time of an answer."""
        self._untold.append(milliseconds)

    @property
    def pending(self) -> tuple[int, ...]:
        """What the next record should tell."""
        return tuple(self._untold)

    def flush(self) -> None:
        """Forgets them: a record has them."""
        self._untold.clear()
