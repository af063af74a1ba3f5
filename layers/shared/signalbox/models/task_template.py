"""The content of a new task, with the limits of its fields."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from signalbox.models.base import Rfc3339
from signalbox.models.relations import MAX_GROUP, GroupPolicy
from signalbox.models.task import Priority, TaskContent

_MAX_ARGUMENT_CHARACTERS: Final = 20_000
_CONTROLS = r"\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069"
_LINE = rf"^[^{_CONTROLS}]*$"
_TITLE = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s][^{_CONTROLS}]*$"

SingleLine = Annotated[str, Field(max_length=200, pattern=_LINE)]
"""One line of text, without control characters and bidirectional overrides."""

TaskTitle = Annotated[str, Field(min_length=1, max_length=200, pattern=_TITLE)]
"""One line of text that is not blank."""

TaskDescription = Annotated[str, Field(max_length=20_000)]
TaskLabels = Annotated[tuple[SingleLine, ...], Field(max_length=50, strict=False)]


def _check_total_length(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if sum(map(len, arguments)) > _MAX_ARGUMENT_CHARACTERS:
        raise PydanticCustomError("too_long", "the arguments are over 20,000 characters together")
    return arguments


class TaskTemplate(TaskContent):
    """The content of a new task, as clients write it.

    Enums, times and tuples are not strict: JSON has no types for them, and the router passes Python
    values.
    """

    title: TaskTitle
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$", max_length=64)] = "task"
    description: TaskDescription = ""
    arguments: Annotated[
        tuple[Annotated[str, Field(max_length=2_000)], ...], AfterValidator(_check_total_length)
    ] = Field(default=(), max_length=50, strict=False)
    instruction: str = Field(default="", max_length=10_000)
    labels: TaskLabels = ()
    priority: Annotated[Priority, Field(strict=False)] = Priority.NORMAL
    repository: SingleLine | None = None
    branch: SingleLine | None = None
    commit: SingleLine | None = None
    url: str | None = Field(default=None, max_length=2_000, pattern=r"^https?://[^\s]+$")
    due: Rfc3339 | None = None
    max_attempts: int = Field(default=3, ge=1, le=100)


class GroupedTaskTemplate(TaskTemplate):
    """The content of a new task, and the group that it belongs to, if it does to one.

    Of its `group` a limited number of tasks runs at once, one by default. With the `group_policy`
    `latest` it cancels those that wait, and with `cancel_running` those that run.
    """

    group: Annotated[TaskTitle, Field(max_length=MAX_GROUP)] | None = None
    group_policy: Annotated[GroupPolicy, Field(strict=False)] = GroupPolicy.QUEUE
    cancel_running: bool = False
