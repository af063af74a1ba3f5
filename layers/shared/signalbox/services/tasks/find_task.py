"""Read tasks that may not exist any more."""

from collections.abc import Iterable
from contextlib import suppress

from signalbox.models.errors import NotFound
from signalbox.models.ids import TaskId
from signalbox.models.task import Task
from signalbox.services.ports.tasks import TaskStore


def find_task(tasks: TaskStore, task: TaskId) -> Task | None:
    """Return the task as it is now, None if there is none."""
    with suppress(NotFound):
        return tasks.get(task)
    return None


def find_tasks(tasks: TaskStore, identifiers: Iterable[TaskId]) -> dict[TaskId, Task | None]:
    """Return the tasks with these ids as they are now, None for those that do not exist."""
    return {each: find_task(tasks, each) for each in identifiers}
