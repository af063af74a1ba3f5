"""Request and response bodies of tasks."""

from pydantic import Field

from signalbox.models.base import Model
from signalbox.models.change import TaskSummary

TASKS = "/api/v1/tasks"

TASK = "/api/v1/tasks/<task_id>"


class TaskList(Model):
    """A page of tasks, newest first. `next` is the cursor of the next page, null at the end.

    A page may be short without being the last.
    """

    items: tuple[TaskSummary, ...]
    next: str | None = Field(default=None)
