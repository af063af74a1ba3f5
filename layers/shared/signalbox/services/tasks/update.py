"""What people do with a task that is there: change it, call it off, have it tried again.

A caller names the versions it means. A task that is of another one, or becomes one before the
change is kept, is refused; a worker's heartbeat in between is no new version and loses nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.base import Rfc3339
from signalbox.models.errors import PreconditionFailed, WriteConflict
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled, editable, edited, retried
from signalbox.models.task import EditableFields, Priority, Task, TaskStatus
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.create import TaskDescription, TaskLabels, TaskTitle

_TRIES: Final = 3

ExpectedVersions = frozenset[int] | None
"""The versions that a caller means; None takes any."""

EditFunction = Callable[[EditableFields], EditableFields]
"""Makes of what a task is what it shall be."""


class ReplaceTaskRequest(EditableFields):
    """All that may be changed of a task; what is left out takes its default."""

    title: TaskTitle
    description: TaskDescription = ""
    priority: Annotated[Priority, Field(strict=False)] = Priority.NORMAL
    labels: TaskLabels = ()
    due: Rfc3339 | None = None


class UpdateTaskRequest(ReplaceTaskRequest):
    """Some of what may be changed of a task; what is left out stays as it is."""

    # factories, as a default would be documented as what a caller gets
    title: TaskTitle = Field(default_factory=str)
    description: TaskDescription = Field(default_factory=str)
    priority: Annotated[Priority, Field(strict=False)] = Field(
        default_factory=lambda: Priority.NORMAL
    )
    labels: TaskLabels = Field(default_factory=tuple)

    def over(self, kept: EditableFields) -> EditableFields:
        """What the task shall be."""
        return kept.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTask:
    """Changes a task."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, task: TaskId, edit: EditFunction, versions: ExpectedVersions, *, by: str
    ) -> Task:
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
        self, task: TaskId, versions: ExpectedVersions, *, by: str, reason: str | None = None
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

    def __call__(self, task: TaskId, versions: ExpectedVersions, *, by: str) -> Task:
        """The task, pending again. Raises NotFound, PreconditionFailed, Conflict elsewhere."""
        return _stepped(self.tasks, task, versions, lambda found: retried(found, self.clock(), by))


def _stepped(
    tasks: TaskStore, task: TaskId, versions: ExpectedVersions, step: Callable[[Task], Task]
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
