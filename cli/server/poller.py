"""What all pollers have: a thread that does not end with an error, and shows that it is alive."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from threading import Thread
from typing import TYPE_CHECKING, Final

from cli.server.stopping import ServerStopping
from signalbox.http.problems import error_fields
from signalbox.runtime.telemetry import logger

if TYPE_CHECKING:
    from cli.server.stopping import Stopping

_FIRST_BACKOFF: Final = 1.0
_MAX_BACKOFF: Final = 30.0


class Poller(ABC):
    """Repeats `poll` until the server stops, then `release`.

    `patience` is for how many seconds a round may take: a poller without a complete round for
    longer counts as dead.
    """

    def __init__(self, name: str, stopping: Stopping, patience: float) -> None:
        self.name = name
        self.stopping = stopping
        self._patience = patience
        self._beat = time.monotonic()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._beat = time.monotonic()
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the thread, and return whether it has ended."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        """Return whether the thread runs and got through a round lately."""
        return self._thread.is_alive() and time.monotonic() - self._beat < self._patience

    def beat(self) -> None:
        """Show that the poller is alive."""
        self._beat = time.monotonic()

    @abstractmethod
    def poll(self) -> float:
        """Do one round, and return for how many seconds to pause before the next one."""

    @abstractmethod
    def release(self) -> None:
        """Give back what the server holds, when it stops."""

    def _run(self) -> None:
        backoff = _FIRST_BACKOFF
        while not self.stopping.has_begun:
            try:
                pause = self.poll()
            except ServerStopping:
                break
            except Exception as error:  # noqa: BLE001  nothing may end the thread of a poller
                logger().error("poll failed", extra={"poller": self.name, **error_fields(error)})
                pause, backoff = backoff, min(backoff * 2, _MAX_BACKOFF)
            else:
                backoff = _FIRST_BACKOFF
                self.beat()
            self.stopping.wait(pause)
        try:
            self.release()
        except Exception as error:  # noqa: BLE001  as above
            logger().error("not released", extra={"poller": self.name, **error_fields(error)})
