"""Creates a task that somebody asked for through the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from signalbox.models.base import Model, Rfc3339
from signalbox.models.errors import IdempotencyKeyReused
from signalbox.models.ids import RequestId, random_task_id, task_id
from signalbox.models.lifecycle import created
from signalbox.models.principal import Principal
from signalbox.models.task import Priority, Task, TaskOrigin
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

_ARGUMENTS: Final = 20_000
_CONTROLS = r"\x00-\x1f\x7f\u2028-\u202e\u2066-\u2069"
_LINE = rf"^[^{_CONTROLS}]*$"
_TITLE = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s][^{_CONTROLS}]*$"

SingleLine = Annotated[str, Field(max_length=200, pattern=_LINE)]
"""One line of text, without controls and bidi overrides."""

TaskTitle = Annotated[str, Field(min_length=1, max_length=200, pattern=_TITLE)]
"""One line of text that is not blank."""

TaskDescription = Annotated[str, Field(max_length=20_000)]
TaskLabels = Annotated[tuple[SingleLine, ...], Field(max_length=50, strict=False)]


def _not_too_much(arguments: tuple[str, ...]) -> tuple[str, ...]:
    if sum(map(len, arguments)) > _ARGUMENTS:
        raise PydanticCustomError("too_long", "the arguments are over 20,000 characters together")
    return arguments


class CreateTaskRequest(Model):
    """What a caller says of a new task.

    What JSON has no type of its own for (words, moments, tuples) is not strict: the router hands
    bodies over as Python values.
    """

    title: TaskTitle
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$", max_length=64)] = "task"
    description: TaskDescription = ""
    arguments: Annotated[
        tuple[Annotated[str, Field(max_length=2_000)], ...], AfterValidator(_not_too_much)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What a caller names its request by, and a hash of the request that it names."""

    text: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask:
    """Creates tasks. `retention` is how long a finished one is kept, 0 for ever."""

    tasks: TaskStore
    clock: Clock
    retention: timedelta

    def __call__(
        self,
        new: CreateTaskRequest,
        principal: Principal,
        *,
        key: IdempotencyKey | None = None,
        request_id: RequestId | None = None,
    ) -> tuple[Task, bool]:
        """The task, and whether this call made it: the same key of the same caller makes one.

        The key names the task and creating it is one conditional write, so a key is never found
        in progress: the task is there or it is not. Raises IdempotencyKeyReused.
        """
        task = self._draft(new, principal, key, request_id, self.clock())
        if self.tasks.create(task):
            return task, True
        there = self.tasks.get(task.id)
        if there.origin.fingerprint != task.origin.fingerprint:
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
        return there, False

    def _draft(
        self,
        new: CreateTaskRequest,
        principal: Principal,
        key: IdempotencyKey | None,
        request_id: RequestId | None,
        now: datetime,
    ) -> Task:
        named = task_id("api", principal.name, key.text) if key else None
        fingerprint = key.fingerprint if key else None
        task = Task(
            id=named or random_task_id(),
            kind=new.kind,
            title=new.title,
            description=new.description,
            arguments=new.arguments,
            instruction=new.instruction,
            labels=new.labels,
            origin=TaskOrigin(provider="api", request_id=request_id, fingerprint=fingerprint),
            repository=new.repository,
            branch=new.branch,
            commit=new.commit,
            author=principal.name,
            url=new.url,
            due=new.due,
            priority=new.priority,
            max_attempts=new.max_attempts,
            retention=int(self.retention.total_seconds()),
            created_at=now,
            updated_at=now,
        )
        return created(task, by=principal.name)
