"""Lists tasks: newest first, page by page, reading no more than the page needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from signalbox.models.base import position
from signalbox.models.change import TaskSummary
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.ports import TaskStore, Window

_LOOKED_AT: Final = 10
"""How many tasks are looked at for each one asked for, at the most."""


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
class TaskPage:
    """Some tasks, and the position after which the next ones stand, None at the end.

    A page may be short, or empty, and still not be the last: no more than ten tasks are looked at
    for each one asked for.
    """

    tasks: Sequence[TaskSummary]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTasks:
    """Lists tasks."""

    tasks: TaskStore

    def __call__(self, wanted: TaskFilter, *, limit: int, after: str | None = None) -> TaskPage:
        """One page of at most `limit` tasks behind the position `after`."""
        statuses = [wanted.status] if wanted.status else list(TaskStatus)
        window = Window(since=wanted.since, until=wanted.until, after=after, chunk=limit + 1)
        found: list[TaskSummary] = []
        last = None
        for looked_at, task in enumerate(self.tasks.newest(statuses, window)):
            if len(found) == limit or looked_at == limit * _LOOKED_AT:
                return TaskPage(tasks=found, after=last)
            last = position(task.created_at, task.id)
            if wanted.fits(task):
                found.append(task)
        return TaskPage(tasks=found, after=None)
