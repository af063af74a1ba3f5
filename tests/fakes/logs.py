"""Logs in memory."""

from collections.abc import Iterator
from datetime import datetime

from signalbox.models.errors import Unavailable
from signalbox.models.ids import TaskId
from signalbox.models.log import LOG_LINES, Chunk


class FakeLogStore:
    """A LogStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[tuple[TaskId, int], Chunk] = {}
        self.until: list[datetime | None] = []
        self.down = False

    def add(self, task: TaskId, chunk: Chunk, until: datetime | None) -> bool:
        self._reach()
        self.until.append(until)
        return self.kept.setdefault((task, chunk.first), chunk) is chunk

    def last(self, task: TaskId, *, until: int = LOG_LINES) -> Chunk | None:
        self._reach()
        found = [chunk for chunk in self._of(task) if chunk.first <= until]
        return found[-1] if found else None

    def after(self, task: TaskId, place: int) -> Iterator[Chunk]:
        self._reach()
        yield from (chunk for chunk in self._of(task) if chunk.first > place)

    def _of(self, task: TaskId) -> list[Chunk]:
        return [chunk for (owner, _), chunk in sorted(self.kept.items()) if owner == task]

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the logs did not answer")
