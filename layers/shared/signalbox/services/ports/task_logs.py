"""The port of the logs of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signalbox.models.log import LOG_LINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signalbox.models.ids import TaskId
    from signalbox.models.log import Chunk


class LogStore(Protocol):
    """Stores the logs of tasks in chunks, by the position of their first line."""

    def add(self, task: TaskId, chunk: Chunk, until: datetime | None) -> bool:
        """Store a new chunk until a time, or forever; return False if its position is taken."""

    def last(self, task: TaskId, *, until: int = LOG_LINES) -> Chunk | None:
        """Return the last chunk that begins at this position or before it, or None."""

    def after(self, task: TaskId, place: int) -> Iterator[Chunk]:
        """Yield the chunks that begin after this position, in order, read lazily."""
