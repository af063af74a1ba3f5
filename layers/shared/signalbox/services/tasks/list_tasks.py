"""Lists tasks: newest first, page by page, reading no more than the page needs."""

from dataclasses import dataclass
from datetime import datetime

from signalbox.models.base import list_position
from signalbox.models.change import TaskSummary, is_expired
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.pagination import Page, Window, collect_page
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks to list; None takes all."""

    status: TaskStatus | None = None
    provider: str | None = None
    priority: Priority | None = None
    repository: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, task: TaskSummary) -> bool:
        """Whether a task is asked for by what the index does not order by."""
        return (
            self.provider in {None, task.provider}
            and self.priority in {None, task.priority}
            and self.repository in {None, task.repository}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTasks:
    """Lists tasks."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, wanted: TaskFilter, *, limit: int, after: str | None = None
    ) -> Page[TaskSummary]:
        """One page of at most `limit` tasks behind the position `after`."""
        statuses = [wanted.status] if wanted.status else list(TaskStatus)
        now = self.clock()
        window = Window(since=wanted.since, until=wanted.until, after=after, chunk=limit + 1)
        rows = (
            (
                list_position(task.created_at, task.id),
                task if wanted.fits(task) and not is_expired(task, now) else None,
            )
            for task in self.tasks.newest(statuses, window)
        )
        return collect_page(rows, limit)
