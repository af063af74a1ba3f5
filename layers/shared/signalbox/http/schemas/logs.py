"""Request and response bodies of logs."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from signalbox.http.schemas.work import LeaseRequest
from signalbox.models.base import Model
from signalbox.models.log import BATCH_BYTES, BATCH_LINES, LINE_LENGTH, LogLine, text_size
from signalbox.models.task import TaskStatus


class LogLineInput(Model):
    """A line. `seq` is its number under the lease, from 1 without gaps."""

    seq: int = Field(ge=1, le=1_000_000_000)
    text: str = Field(max_length=LINE_LENGTH)


class AppendLogRequest(LeaseRequest):
    """A batch of lines. Sending lines again, in the same batch or another, changes nothing."""

    lines: Annotated[
        tuple[LogLineInput, ...], Field(min_length=1, max_length=BATCH_LINES, strict=False)
    ]

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        first = self.lines[0].seq
        if any(line.seq != seq for seq, line in enumerate(self.lines, first)):
            raise PydanticCustomError("not_consecutive", "the lines must follow each other")
        if text_size(line.text for line in self.lines) > BATCH_BYTES:
            raise PydanticCustomError("batch_too_large", "the lines are too large together")
        return self


class AppendLogResponse(Model):
    """How many lines of a batch are new, and how much more the log accepts.

    When no lines or no bytes are left, further lines are dropped.
    """

    stored: int
    lines_left: int
    bytes_left: int


class LogLineList(Model):
    """Lines in their order.

    `next` is the start of the next page, null if there are no more lines yet.

    When `finished` is true, the task has finished and no lines will follow.
    """

    items: tuple[LogLine, ...]
    next: int | None
    finished: bool


class LogEndEvent(Model):
    """The final status of the task."""

    status: TaskStatus
