"""Update, approve, cancel and retry an existing task.

A caller names the versions that it expects. A task with another version, or one that changes before
the update is stored, is refused. A heartbeat does not change the version.
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from signalbox.models.base import Rfc3339
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import approved, cancelled, editable, edited, rejected, retried
from signalbox.models.task import ChangeType, EditableFields, Priority, Task, TaskStatus
from signalbox.models.task_template import TaskDescription, TaskLabels, TaskTitle
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.apply_step import ExpectedVersions, apply_step
from signalbox.services.tasks.dependencies import AwaitTasks

EditFunction = Callable[[EditableFields], EditableFields]
"""Return the new values of the editable fields."""


class ReplaceTaskRequest(EditableFields):
    """All editable fields of a task; omitted ones are reset to their defaults."""

    title: TaskTitle
    description: TaskDescription = ""
    priority: Annotated[Priority, Field(strict=False)] = Priority.NORMAL
    labels: TaskLabels = ()
    due: Rfc3339 | None = None


class UpdateTaskRequest(ReplaceTaskRequest):
    """Some editable fields of a task; omitted ones keep their values."""

    # factories, as a default would be documented as what a caller gets
    title: TaskTitle = Field(default_factory=str)
    description: TaskDescription = Field(default_factory=str)
    priority: Annotated[Priority, Field(strict=False)] = Field(
        default_factory=lambda: Priority.NORMAL
    )
    labels: TaskLabels = Field(default_factory=tuple)

    def over(self, current: EditableFields) -> EditableFields:
        """Return the fields with these changes applied."""
        return current.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )


@frozen
class UpdateTask:
    """Update the editable fields of a task."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, task: TaskId, edit: EditFunction, versions: ExpectedVersions, *, by: str
    ) -> Task:
        """Return the updated task.

        Raises:
            NotFound: There is no such task.
            PreconditionFailed: The task has another version.
            Conflict: The task has finished.
        """
        return apply_step(
            self.tasks,
            task,
            versions,
            lambda task: edited(task, edit(editable(task)), self.clock(), by),
        )


@frozen
class CancelTask:
    """Cancel a task. Its worker is informed at its next heartbeat."""

    tasks: TaskStore
    clock: Clock

    def __call__(
        self, task: TaskId, versions: ExpectedVersions, *, by: str, reason: str | None = None
    ) -> Task:
        """Return the cancelled task, also if it was cancelled before.

        Raises:
            NotFound: There is no such task.
            PreconditionFailed: The task has another version.
            Conflict: The task has succeeded or failed.
        """

        def step(task: Task) -> Task:
            if task.status is TaskStatus.CANCELLED:
                return task
            return cancelled(task, reason, self.clock(), by)

        return apply_step(self.tasks, task, versions, step)


@frozen
class ApproveTask:
    """Let a task run that awaits approval, or cancel it."""

    tasks: TaskStore
    clock: Clock

    def __call__(self, task: TaskId, versions: ExpectedVersions, *, by: str) -> Task:
        """Return the approved task, also if the same person has approved it before.

        Raises:
            NotFound: There is no such task.
            PreconditionFailed: The task has another version.
            Conflict: The task awaits no approval, it is too late, or the person requested it.
        """

        def step(task: Task) -> Task:
            if task.approval and task.approval.by == by:
                return task
            return approved(task, self.clock(), by)

        return apply_step(self.tasks, task, versions, step)

    def reject(
        self, task: TaskId, versions: ExpectedVersions, *, by: str, reason: str | None = None
    ) -> Task:
        """Return the cancelled task, also if the same person has rejected it before.

        Raises:
            NotFound: There is no such task.
            PreconditionFailed: The task has another version.
            Conflict: The task awaits no approval.
        """

        def step(task: Task) -> Task:
            last = task.last_step
            if (last.type, last.by) == (ChangeType.CANCELLED, by):
                return task
            return rejected(task, reason, self.clock(), by)

        return apply_step(self.tasks, task, versions, step)


@frozen
class RetryTask:
    """Give a failed or cancelled task new attempts."""

    tasks: TaskStore
    clock: Clock
    wait: AwaitTasks

    def __call__(self, task: TaskId, versions: ExpectedVersions, *, by: str) -> Task:
        """Return the task, pending again.

        It waits again for those of the tasks that it ran after which have not ended now.

        Raises:
            NotFound: There is no such task.
            PreconditionFailed: The task has another version.
            Conflict: The task has not failed and was not cancelled.
        """

        def step(task: Task) -> Task:
            again = retried(task, self.clock(), by)
            return self.wait.again(again) if again.runs_after else again

        return apply_step(self.tasks, task, versions, step)
