"""Sends what a command prints to the log of its task, in batches, while it runs.

What is sent twice is kept once, so a batch that nobody answered for is simply sent again.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cli.api_client import ApiError, ApiUnavailable
from cli.work.background import Background
from signalbox.http.schemas.logs import AppendLogResponse
from signalbox.models.log import BATCH_BYTES, BATCH_LINES, LINE_LENGTH

_WAITING: Final = 20_000
"""As many lines as a log takes: what an outage keeps back for longer is dropped."""


@dataclass(slots=True, kw_only=True)
class LogUploader(Background):
    """A context: inside it lines go out every `pause` seconds.

    `append` sends lines, the first of which has this number. Raises Refused, Away.
    """

    append: Callable[[int, Sequence[str]], AppendLogResponse]
    pause: float = 1.0
    _waiting: deque[str] = field(default_factory=lambda: deque(maxlen=_WAITING), init=False)
    _told: int = field(default=0, init=False)
    _batch: list[str] = field(default_factory=list, init=False)
    _closed: bool = field(default=False, init=False)

    def add(self, line: str) -> None:
        """Take a line that is to be sent."""
        if not self._closed:
            self._waiting.append(line[:LINE_LENGTH])

    def flush(self, until: float) -> None:
        """Send what is left, once the context is over; gives up at this monotonic time."""
        while not self._tell() and time.monotonic() + self.pause < until:
            time.sleep(self.pause)

    def _run(self) -> None:
        while not self._done.wait(self.pause):
            self._tell()

    def _tell(self) -> bool:
        """Return whether all that waited has been told, or nobody wants to hear it."""
        while not self._closed and (self._batch or self._waiting):
            self._batch = self._batch or self._next()
            try:
                room = self.append(self._told + 1, self._batch)
            except ApiUnavailable:
                return False
            except ApiError:
                self._closed = True
                return True
            self._told += len(self._batch)
            self._batch = []
            self._closed = not (room.lines_left and room.bytes_left)
        return True

    def _next(self) -> list[str]:
        batch: list[str] = []
        size = 0
        while self._waiting and len(batch) < BATCH_LINES:
            size += len(self._waiting[0].encode())
            if batch and size > BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch
