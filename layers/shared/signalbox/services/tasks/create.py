"""Create a task that a client requested through the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from signalbox.models.base import Rfc3339
from signalbox.models.errors import IdempotencyKeyReused
from signalbox.models.ids import RequestId, random_task_id, task_id
from signalbox.models.lifecycle import created
from signalbox.models.principal import Principal
from signalbox.models.start_time import start_time
from signalbox.models.task import Priority, Task, TaskContent, TaskOrigin, content_of
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock

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


class CreateTaskRequest(TaskContent):
    """The body of a request that creates a task, which may start at `not_before`, within a year.

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
    not_before: Rfc3339 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """The key that a client sent, and a hash of the request that it identifies."""

    text: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask:
    """Create tasks. `retention` is how long a finished task is stored; 0 means forever."""

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
        """Return the task, and whether this call created it.

        Requests of one caller with the same key create one task. The key determines the id of the
        task and creating it is one conditional write, so there is no state "in progress": the task
        exists or not.

        Raises:
            IdempotencyKeyReused: The key was used for another request.
            StartTooLate: It may start only after more than a year.
        """
        task = self._draft(new, principal, key, request_id, self.clock())
        if self.tasks.create(task):
            return task, True
        existing = self.tasks.get(task.id)
        if existing.origin.fingerprint != task.origin.fingerprint:
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
        return existing, False

    def _draft(
        self,
        new: CreateTaskRequest,
        principal: Principal,
        key: IdempotencyKey | None,
        request_id: RequestId | None,
        now: datetime,
    ) -> Task:
        id_from_key = task_id("api", principal.name, key.text) if key else None
        fingerprint = key.fingerprint if key else None
        task = Task(
            id=id_from_key or random_task_id(),
            **content_of(new),
            origin=TaskOrigin(provider="api", request_id=request_id, fingerprint=fingerprint),
            author=principal.name,
            not_before=start_time(new.not_before, now),
            retention=int(self.retention.total_seconds()),
            created_at=now,
            updated_at=now,
        )
        return created(task, by=principal.name)
