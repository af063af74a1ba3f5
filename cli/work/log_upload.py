"""Upload the output of a command to the log of its task, in batches, while it runs.

Repeated lines are stored once, so a batch without a response is simply sent again.
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

_MAX_PENDING: Final = 20_000
"""As many lines as a log accepts: in a longer outage further lines are dropped."""

_FULL_SECONDS: Final = 0.05


@dataclass(slots=True, kw_only=True)
class LogUploader(Background):
    """A context manager: inside it lines are sent every `pause` seconds.

    `append` sends lines, the first of which has this number. Raises ApiError, ApiUnavailable.
    With `lossless`, who adds a line waits while too many are pending, instead of dropping the
    oldest.
    """

    append: Callable[[int, Sequence[str]], AppendLogResponse]
    pause: float = 1.0
    lossless: bool = False
    _waiting: deque[str] = field(default_factory=lambda: deque(maxlen=_MAX_PENDING), init=False)
    _sent: int = field(default=0, init=False)
    _batch: list[str] = field(default_factory=list, init=False)
    _closed: bool = field(default=False, init=False)

    def add(self, line: str) -> None:
        """Add a line."""
        while self.lossless and self._is_full() and not self._done.wait(_FULL_SECONDS):
            pass
        if not self._closed:
            self._waiting.append(line[:LINE_LENGTH])

    def flush(self, until: float) -> None:
        """Send the rest after the context, until this monotonic time at most."""
        while not self._upload() and time.monotonic() + self.pause < until:
            time.sleep(self.pause)

    def _is_full(self) -> bool:
        return not self._closed and len(self._waiting) >= _MAX_PENDING

    def _run(self) -> None:
        while not self._done.wait(self.pause):
            self._upload()

    def _upload(self) -> bool:
        """Return whether everything was sent, or the log accepts no more."""
        while not self._closed and (self._batch or self._waiting):
            self._batch = self._batch or self._next()
            try:
                room = self.append(self._sent + 1, self._batch)
            except ApiUnavailable:
                return False
            except ApiError:
                self._closed = True
                return True
            self._sent += len(self._batch)
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
