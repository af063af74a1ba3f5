"""List tasks, newest first, reading no more than a page needs."""

from datetime import datetime

from signalbox.models.base import list_position
from signalbox.models.change import TaskSummary, is_expired
from signalbox.models.frozen import frozen
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.pagination import Page, Window, collect_page
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock


@frozen
class TaskFilter:
    """Which tasks to list; None matches all."""

    status: TaskStatus | None = None
    provider: str | None = None
    priority: Priority | None = None
    repository: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, task: TaskSummary) -> bool:
        """Return whether a task matches the filters that the index does not cover."""
        return (
            self.provider in {None, task.provider}
            and self.priority in {None, task.priority}
            and self.repository in {None, task.repository}
        )


@frozen
class ListTasks:
    """List tasks."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, filters: TaskFilter, *, limit: int, after: str | None = None
    ) -> Page[TaskSummary]:
        """Return a page of at most `limit` tasks after the position `after`."""
        statuses = [filters.status] if filters.status else list(TaskStatus)
        now = self.clock()
        window = Window(since=filters.since, until=filters.until, after=after, chunk=limit + 1)
        rows = (
            (
                list_position(task.created_at, task.id),
                task if filters.fits(task) and not is_expired(task, now) else None,
            )
            for task in self.tasks.newest(statuses, window)
        )
        return collect_page(rows, limit)
