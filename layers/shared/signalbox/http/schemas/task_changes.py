"""Request and response bodies of task changes."""

from pydantic import Field

from signalbox.models.base import Model
from signalbox.models.change import PastChange


class TaskChangeList(Model):
    """Every step of a task, oldest first. Of more than 50 only the first and the latest remain."""

    items: tuple[PastChange, ...] = Field(default=())
