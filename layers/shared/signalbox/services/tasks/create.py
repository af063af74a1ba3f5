"""Create a task that a client requested through the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from signalbox.models.base import Rfc3339
from signalbox.models.errors import IdempotencyKeyReused
from signalbox.models.ids import RequestId, random_task_id, task_id
from signalbox.models.lifecycle import created
from signalbox.models.principal import Principal
from signalbox.models.start_time import start_time
from signalbox.models.task import Task, TaskOrigin, content_of
from signalbox.models.task_template import TaskTemplate
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock


class CreateTaskRequest(TaskTemplate):
    """The body of a request that creates a task, which may start at `not_before`, within a year."""

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
        traceparent: str | None = None,
    ) -> tuple[Task, bool]:
        """Return the task, and whether this call created it.

        Requests of one caller with the same key create one task. The key determines the id of the
        task and creating it is one conditional write, so there is no state "in progress": the task
        exists or not.

        Raises:
            IdempotencyKeyReused: The key was used for another request.
            StartTooLate: It may start only after more than a year.
        """
        origin = TaskOrigin(
            provider="api",
            request_id=request_id,
            fingerprint=key.fingerprint if key else None,
            traceparent=traceparent,
        )
        task = self._draft(new, principal, key, origin, self.clock())
        return created_once(self.tasks, task)

    def _draft(
        self,
        new: CreateTaskRequest,
        principal: Principal,
        key: IdempotencyKey | None,
        origin: TaskOrigin,
        now: datetime,
    ) -> Task:
        id_from_key = task_id("api", principal.name, key.text) if key else None
        task = Task(
            id=id_from_key or random_task_id(),
            **content_of(new),
            origin=origin,
            author=principal.name,
            not_before=start_time(new.not_before, now),
            retention=int(self.retention.total_seconds()),
            created_at=now,
            updated_at=now,
        )
        return created(task, by=principal.name)


def created_once(tasks: TaskStore, task: Task) -> tuple[Task, bool]:
    """Store a new task, and return it, or the one with its id, and whether it is new.

    Raises:
        IdempotencyKeyReused: The one that exists is of another request.
    """
    if tasks.create(task):
        return task, True
    existing = tasks.get(task.id)
    if existing.origin.fingerprint != task.origin.fingerprint:
        raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
    return existing, False
