"""How a task that waits for others goes on when they end.

Each function takes a task and returns the next one, or the same object if nothing changes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.errors import InvalidRequest
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled, ready
from signalbox.models.relations import OnFailure, TaskRelations
from signalbox.models.task import Task, TaskStatus

DEPENDENCY_ACTOR: Final = "dependencies"
"""The actor of steps that the end of another task causes."""


class UnknownTask(InvalidRequest):
    """A task is to run after one that does not exist."""

    status = 422
    code = "unknown_task"


def related(task: Task, **changes: Any) -> Task:  # noqa: ANN401 - the fields of TaskRelations
    """Return the task with changed relations. It is not a step."""
    relations = task.relations or TaskRelations()
    update = {**changes, "revision": relations.revision + 1}
    return task.model_copy(update={"relations": relations.model_copy(update=update)})


def with_dependents(task: Task) -> Task:
    """Return the task marked as one for which others wait."""
    if task.relations and task.relations.has_dependents:
        return task
    return related(task, has_dependents=True)


def checked(task: Task, now: datetime) -> Task:
    """Return the waiting task after a look at the tasks that it waits for. It is not a step."""
    return entry_at_due_time(related(task, checked_at=now))


def still_awaited(awaited: Iterable[Task], on_failure: OnFailure) -> tuple[TaskId, ...]:
    """Return those of these tasks that a new task has to wait for.

    One that has failed is among them unless that does not matter.
    """
    runs_anyway = on_failure is OnFailure.RUN
    return tuple(
        task.id
        for task in awaited
        if task.status is not TaskStatus.SUCCEEDED and not (runs_anyway and task.finished)
    )


def settled(task: Task, awaited: Mapping[TaskId, Task | None], now: datetime) -> Task:
    """Return the task after a look at some of those that it waits for; None is one that is gone.

    It is ready when all have ended, or cancelled if one has not succeeded and that matters.
    """
    relations = task.relations
    if relations is None or not task.waits_for:
        return task
    looked_at = {each: awaited[each] for each in task.waits_for if each in awaited}
    for each, found in looked_at.items():
        if reason := _obstacle(each, found, relations.on_failure):
            ends_dependents = _ends_dependents(found)
            marked = related(task, ends_dependents=True) if ends_dependents else task
            return cancelled(marked, reason, now, by=DEPENDENCY_ACTOR)
    ended = {each for each, found in looked_at.items() if found is None or found.finished}
    left = tuple(each for each in task.waits_for if each not in ended)
    if left == task.waits_for:
        return task
    changed = related(task, waits_for=left)
    return changed if left else ready(changed, now, by=DEPENDENCY_ACTOR)


def _obstacle(name: TaskId, task: Task | None, on_failure: OnFailure) -> str | None:
    """Return why a task cannot run after this one, None if it can or may yet."""
    if _ends_dependents(task):
        return f"cancelled together with the task {name}, which it waited for"
    if on_failure is OnFailure.RUN:
        return None
    if task is None:
        return f"the task {name}, which it waited for, does not exist any more"
    if task.status in {TaskStatus.FAILED, TaskStatus.CANCELLED}:
        outcome = "failed" if task.status is TaskStatus.FAILED else "was cancelled"
        return f"the task {name}, which it waited for, {outcome}"
    return None


def _ends_dependents(task: Task | None) -> bool:
    if task is None or task.status is not TaskStatus.CANCELLED or task.relations is None:
        return False
    return task.relations.ends_dependents
