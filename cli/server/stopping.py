"""The end of a server: when it begins, and until when what runs may go on."""

from __future__ import annotations

import time
from threading import Event, Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ServerStopping(Exception):
    """A function waited for something that a stopping server does not wait for."""


class Stopping:
    """Begins once. What runs then has `grace` seconds; what waits goes on at once."""

    def __init__(self, grace: float, timer: Callable[[], float] = time.monotonic) -> None:
        self.grace = grace
        self._timer = timer
        self._begun = Event()
        self._lock = Lock()
        self._deadline = float("inf")

    @property
    def has_begun(self) -> bool:
        """Return whether the server is stopping."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Begin to stop; only the first call counts."""
        with self._lock:
            if not self._begun.is_set():
                self._deadline = self._timer() + self.grace
                self._begun.set()

    def seconds_left(self) -> float:
        """Return how long what runs may go on; infinite before the server stops."""
        return max(0.0, self._deadline - self._timer())

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the server stops; return whether it does."""
        return self._begun.wait(seconds)

    def sleep(self, seconds: float) -> None:
        """Wait so long.

        Raises:
            ServerStopping: The server stops meanwhile. Whatever waits is done by a later run.
        """
        if self._begun.wait(seconds):
            raise ServerStopping
