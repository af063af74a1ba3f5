"""The ports of tasks: stores, logs, the index of due items and the task queues."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signalbox.models.change import TaskSummary
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.log import LOG_LINES, Chunk
from signalbox.models.task import Priority, Task, TaskStatus
from signalbox.services.pagination import Window


class TaskStore(Protocol):
    """Where tasks are kept."""

    def create(self, task: Task) -> bool:
        """Keeps a new task; False where one of its id is there already."""

    def get(self, task: TaskId) -> Task:
        """The task as it is now. Raises NotFound."""

    def replace(self, before: Task, after: Task) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is no longer what is kept."""

    def newest(self, statuses: Sequence[TaskStatus], window: "Window") -> Iterator[TaskSummary]:
        """Tasks in these states, newest first, read as they are consumed."""

    def batch_get(self, tasks: Iterable[TaskId]) -> Mapping[TaskId, Task]:
        """Those of these tasks that are there; may be a second old."""

    def oldest(self, status: TaskStatus, *, chunk: int) -> Iterator[TaskSummary]:
        """Tasks in this state, oldest first, read `chunk` at a time as they are consumed."""


class LogStore(Protocol):
    """Where the logs of tasks are kept, in chunks by the place of their first line."""

    def add(self, task: TaskId, chunk: Chunk, until: datetime | None) -> bool:
        """Keeps a new chunk, for ever or until then; False where one is at its place already."""

    def last(self, task: TaskId, *, until: int = LOG_LINES) -> Chunk | None:
        """The last chunk that begins at this place or before; None where there is none."""

    def after(self, task: TaskId, place: int) -> Iterator[Chunk]:
        """The chunks that begin behind this place, in order, read as they are consumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueItem:
    """Something that maintenance must look at: a task, or one of its notifications."""

    task: TaskId
    notification: NotificationId | None = None


class DueIndex(Protocol):
    """What is to be looked at when."""

    def overdue(self, now: datetime, *, latest_first: bool = False) -> Iterator[DueItem]:
        """What should have moved by now, from either end, read as it is consumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message received from a task queue; hidden from others until its time is up."""

    queue: Priority
    task: TaskId
    message: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """What is in one queue; the counts are approximate."""

    queue: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int


class TaskQueue(Protocol):
    """Where accepted tasks wait. Messages come at least once and in no order."""

    def send(self, priority: Priority, tasks: Iterable[TaskId]) -> None:
        """Puts a message for each task in the queue. Raises Unavailable."""

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        """The next message, hidden for so many seconds; None after waiting in vain."""

    def hide(self, priority: Priority, receipt: str, seconds: int) -> None:
        """Hides a received message for so many seconds from now; a lost receipt is no matter."""

    def delete(self, priority: Priority, receipt: str) -> None:
        """Removes a received message; a lost receipt is no matter."""

    def depths(self) -> Sequence[QueueDepth]:
        """What is in each queue. Raises Unavailable."""
