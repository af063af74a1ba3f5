"""What people do with a task that is there: change it, call it off, have it tried again.

A caller names the versions it means. A task that is of another one, or becomes one before the
change is kept, is refused; a worker's heartbeat in between is no new version and loses nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.base import Written
from signalbox.models.errors import PreconditionFailed, WriteConflict
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled, editable, edited, retried
from signalbox.models.task import Editable, Priority, Task, TaskStatus
from signalbox.services.create import Description, Labels, Title
from signalbox.services.ports import Clock, TaskStore

_TRIES: Final = 3

Versions = frozenset[int] | None
"""The versions that a caller means; None takes any."""

Edit = Callable[[Editable], Editable]
"""Makes of what a task is what it shall be."""


class TaskEdit(Editable):
    """All that may be changed of a task; what is left out takes its default."""

    title: Title
    description: Description = ""
    priority: Annotated[Priority, Field(strict=False)] = Priority.NORMAL
    labels: Labels = ()
    due: Written | None = None


class TaskPatch(TaskEdit):
    """Some of what may be changed of a task; what is left out stays as it is."""

    # factories, as a default would be documented as what a caller gets
    title: Title = Field(default_factory=str)
    description: Description = Field(default_factory=str)
    priority: Annotated[Priority, Field(strict=False)] = Field(
        default_factory=lambda: Priority.NORMAL
    )
    labels: Labels = Field(default_factory=tuple)

    def over(self, kept: Editable) -> Editable:
        """What the task shall be."""
        return kept.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTask:
    """Changes a task."""

    tasks: TaskStore
    clock: Clock

    def __call__(self, task: TaskId, edit: Edit, versions: Versions, *, by: str) -> Task:
        """The task as it is now. Raises NotFound, PreconditionFailed, Conflict where finished."""
        return _stepped(
            self.tasks,
            task,
            versions,
            lambda found: edited(found, edit(editable(found)), self.clock(), by),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTask:
    """Calls a task off. A worker that holds it learns so at its next heartbeat."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, task: TaskId, versions: Versions, *, by: str, reason: str | None = None
    ) -> Task:
        """The task cancelled, be it now or before.

        Raises NotFound, PreconditionFailed, Conflict where it has succeeded or failed.
        """

        def step(found: Task) -> Task:
            if found.status is TaskStatus.CANCELLED:
                return found
            return cancelled(found, reason, self.clock(), by)

        return _stepped(self.tasks, task, versions, step)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTask:
    """Gives a task that failed or was cancelled new attempts."""

    tasks: TaskStore
    clock: Clock

    def __call__(self, task: TaskId, versions: Versions, *, by: str) -> Task:
        """The task, pending again. Raises NotFound, PreconditionFailed, Conflict elsewhere."""
        return _stepped(self.tasks, task, versions, lambda found: retried(found, self.clock(), by))


def _stepped(
    tasks: TaskStore, task: TaskId, versions: Versions, step: Callable[[Task], Task]
) -> Task:
    for _ in range(_TRIES):
        before = tasks.get(task)
        if versions is not None and before.version not in versions:
            raise PreconditionFailed(f"the task is at version {before.version}")
        after = step(before)
        if after is before:
            return before
        try:
            tasks.replace(before, after)
        except WriteConflict:
            continue
        return after
    raise WriteConflict("the task changes too fast")
