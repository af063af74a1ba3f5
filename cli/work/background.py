"""A thread that runs for as long as a context lasts."""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True, kw_only=True)
class Background(ABC):
    """A context manager: inside it `_run` runs in a thread until `_done` is set."""

    _done: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread, and wait for a request under way."""
        self._done.set()
        if self._thread:
            self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Run until `_done` is set."""
