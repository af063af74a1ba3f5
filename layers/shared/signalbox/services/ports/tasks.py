"""The ports of tasks: stores, the index of due items and the task queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from signalbox.models.change import TaskRow, TaskSummary
    from signalbox.models.ids import NotificationId, TaskId
    from signalbox.models.task import Priority, Task, TaskStatus
    from signalbox.services.pagination import Window


class TaskStore(Protocol):
    """Stores tasks."""

    def create(self, task: Task) -> bool:
        """Store a new task; return False if its id exists."""

    def get(self, task: TaskId) -> Task:
        """Return the task.

        Raises:
            NotFound: There is no such task.
        """

    def replace(self, before: Task, after: Task) -> None:
        """Replace `before` by `after`.

        Raises:
            WriteConflict: `before` is not what is stored.
        """

    def newest(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskSummary]:
        """Yield the tasks with one of these statuses, newest first, read lazily."""

    def newest_rows(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskRow]:
        """Yield the same tasks as `newest`, as a list shows them."""

    def batch_get(self, tasks: Iterable[TaskId]) -> Mapping[TaskId, Task]:
        """Return the tasks that exist; they may be a second old."""

    def oldest(self, status: TaskStatus, *, chunk: int) -> Iterator[TaskSummary]:
        """Yield the tasks with this status, oldest first, reading `chunk` at a time."""


class DependentIndex(Protocol):
    """Finds the tasks that wait for a task."""

    def add(self, awaited: TaskId, dependent: TaskId) -> None:
        """Add a task that waits for another one; it need not exist yet."""

    def dependents(self, awaited: TaskId) -> Iterator[TaskId]:
        """Yield the tasks that wait for this one, read lazily."""

    def remove(self, awaited: TaskId, dependent: TaskId) -> None:
        """Remove a task that waits no longer, if it is there."""


@frozen
class DueItem:
    """A task, or one of its notifications, that maintenance must look at."""

    task: TaskId
    notification: NotificationId | None = None


class DueIndex(Protocol):
    """Finds unfinished items by the time at which they are due."""

    def overdue(self, now: datetime, *, latest_first: bool = False) -> Iterator[DueItem]:
        """Yield the items that were due before `now`, from either end, read lazily."""


@frozen
class QueueMessage:
    """A message received from a task queue. Others cannot see it until its time is up."""

    queue: Priority
    task: TaskId
    message: str
    receipt: str


@frozen
class QueueDepth:
    """The approximate numbers of messages in one queue."""

    queue: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int


MAX_BATCH: Final = 10
"""How many messages one request sends at most."""


@frozen
class TaskToSend:
    """A message for a task, hidden for `delay` seconds at first, and the trace it belongs to."""

    task: TaskId
    delay: int = 0
    tenant: str | None = None
    traceparent: str | None = None


class TaskQueue(Protocol):
    """The queues of accepted tasks. Messages are delivered at least once, in any order."""

    def send(
        self,
        priority: Priority,
        tasks: Iterable[TaskId],
        *,
        delay: int = 0,
        tenant: str | None = None,
    ) -> None:
        """Put a message for each task into the queue, which is hidden for `delay` seconds at first.

        The delay is at most 900 seconds. A queue that is fair does not let the messages of one
        tenant delay those of others; without a tenant each message is one of its own.

        Raises:
            Unavailable: The queue did not answer.
        """

    def send_batch(self, priority: Priority, batch: Sequence[TaskToSend]) -> None:
        """Put up to ten messages into the queue, by one request.

        Raises:
            Unavailable: The queue did not answer, or did not take all of them.
        """

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        """Return the next message, hidden for `hidden` seconds, or None after `wait` seconds."""

    def hide(self, priority: Priority, receipt: str, seconds: int) -> None:
        """Hide a received message for some seconds from now. An expired receipt is ignored."""

    def delete(self, priority: Priority, receipt: str) -> None:
        """Delete a received message. An expired receipt is ignored."""

    def waiting(self, priority: Priority) -> int:
        """Return about how many messages wait in the queue.

        Raises:
            Unavailable: The queue did not answer.
        """

    def depths(self) -> Sequence[QueueDepth]:
        """Return the depth of each queue.

        Raises:
            Unavailable: The queues did not answer.
        """
