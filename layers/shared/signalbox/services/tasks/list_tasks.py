"""List tasks, newest first, reading no more than a page needs."""

from datetime import datetime

from signalbox.models.base import JsonObject
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

    def fits(self, summary: JsonObject) -> bool:
        """Return whether a task matches the filters that the index does not cover."""
        return (
            (self.provider is None or self.provider == summary["provider"])
            and (self.priority is None or self.priority == summary["priority"])
            and (self.repository is None or self.repository == summary["repository"])
        )


@frozen
class ListTasks:
    """List tasks."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, filters: TaskFilter, *, limit: int, after: str | None = None
    ) -> Page[JsonObject]:
        """Return a page of at most `limit` summaries after the position `after`."""
        statuses = [filters.status] if filters.status else list(TaskStatus)
        now = self.clock()
        window = Window(since=filters.since, until=filters.until, after=after, chunk=limit + 1)
        rows = (
            (
                row.position,
                row.summary if filters.fits(row.summary) and not row.is_expired(now) else None,
            )
            for row in self.tasks.newest_rows(statuses, window)
        )
        return collect_page(rows, limit)
