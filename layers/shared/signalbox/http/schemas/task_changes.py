"""Request and response bodies of task changes."""

from pydantic import Field

from signalbox.models.base import Model
from signalbox.models.change import PastChange, TaskSummary, TaskView
from signalbox.models.ids import TaskId
from signalbox.models.task_template import SingleLine


class CancelTaskRequest(Model):
    """The body of a request that cancels a task, with `subtree` also all that depend on it."""

    reason: SingleLine | None = None
    subtree: bool = False


class CancelTaskResponse(Model):
    """The cancelled task, and which of its dependents this request has cancelled.

    If there are `more`, they are cancelled within minutes, or by another such request.
    """

    task: TaskView
    dependents: tuple[TaskId, ...] = Field(default=())
    more: bool


class DependentList(Model):
    """The first tasks that wait for a task, and whether there may be `more`."""

    items: tuple[TaskSummary, ...] = Field(default=())
    more: bool


class TaskChangeList(Model):
    """Every step of a task, oldest first. Of more than 50 only the first and the latest remain."""

    items: tuple[PastChange, ...] = Field(default=())
