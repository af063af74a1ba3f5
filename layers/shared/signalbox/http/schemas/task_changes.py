"""Request and response bodies of task changes."""

from pydantic import Field

from signalbox.models.base import Model
from signalbox.models.change import PastChange


class TaskChangeList(Model):
    """Every step of a task, the first one first; of more than 50 the oldest but one are gone."""

    items: tuple[PastChange, ...] = Field(default=())
