"""Something that goes on in the background for as long as a context lasts."""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True, kw_only=True)
class Background(ABC):
    """A context: inside it `_run` is under way in a thread, until `_done` is set."""

    _done: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start it."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it; a request under way is waited for, so that none comes after the end."""
        self._done.set()
        if self._thread:
            self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """What goes on, until `_done` is set."""
