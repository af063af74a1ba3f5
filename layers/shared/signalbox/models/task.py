"""A task, as it is kept. The rules of its life are in `lifecycle`."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field, JsonValue, field_validator
from pydantic_core import PydanticCustomError, to_json

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import DeliveryId, LeaseId, RequestId, TaskId, WorkerId

UNSENT_AFTER: Final = timedelta(minutes=2)
"""How long a task may be pending without a message before maintenance sends one."""

RESEND_AFTER: Final = timedelta(hours=6)
"""How long a sent message may wait before maintenance sends another, in case a queue was purged.

Each time it waits twice as long, so that a queue that is paused is not filled with repetitions.
"""

LEASE_GRACE: Final = timedelta(seconds=30)
"""How long after a lease maintenance waits for the message to come back by itself."""

QUEUE_ACTOR: Final = "queue"
"""Who takes the steps that a queue brings about."""

_DATA: Final = 32_000


class TaskStatus(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """Which queue a task waits in."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class ChangeType(StrEnum):
    """What one step did; `signalbox.task.<value>` is the type of its envelope."""

    CREATED = "created"
    STARTED = "started"
    RELEASED = "released"
    RETRYING = "retrying"
    LEASE_LOST = "lease_lost"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    UPDATED = "updated"


FINISHED: Final = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED})


class TaskOrigin(Model):
    """Where a task came from; `provider` is `api` for one made through the API.

    `fingerprint` is a hash of the request that named the task by an Idempotency-Key.
    """

    provider: str
    source: str = "default"
    delivery_id: DeliveryId | None = None
    delivery_key: str | None = None
    event: str | None = None
    request_id: RequestId | None = None
    fingerprint: str | None = None


class Lease(Model):
    """The right of one worker to work on a task until a time.

    `message` and `receipt` are the queue's names for the message that the lease hides.
    """

    id: LeaseId
    worker: WorkerId
    expires_at: UtcDatetime
    queue: Priority
    message: str
    receipt: str


class TaskResult(Model):
    """What a worker says of finished work.

    `data` is of 32,000 bytes of JSON at most.

    `masked` says that the summary is not all that the work said: something looked like a secret.
    """

    summary: str = Field(default="", max_length=4_000)
    url: str | None = Field(default=None, max_length=2_000, pattern=r"^https?://[^\s]+$")
    data: dict[str, JsonValue] = Field(default_factory=dict)
    masked: bool = False

    @field_validator("data")
    @classmethod
    def _fits(cls, data: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if len(to_json(data)) > _DATA:
            raise PydanticCustomError("too_long", "the data is over 32,000 bytes")
        return data


class TaskStep(Model):
    """One step in a task's life. `by` names who took it: a principal, a worker, a source."""

    version: int
    type: ChangeType
    status: TaskStatus
    at: UtcDatetime
    by: str
    attempt: int
    reason: str | None = None


class EditableFields(Model):
    """What may be changed of a task that exists."""

    title: str
    description: str
    priority: Priority
    labels: tuple[str, ...]
    due: UtcDatetime | None


class Task(Model):
    """Work we accepted.

    `fence` counts the leases ever given, `attempt` those that count against `max_attempts`.
    `sent_at` is when a message for the task was put in its queue, None while there is none.
    `given_back` is the lease under which a worker last put it back. `dispatched` is the last
    version whose change is known to have been handed on. `retention` is in seconds; 0 keeps a
    finished task forever.
    """

    id: TaskId
    version: int = 1
    status: TaskStatus = TaskStatus.PENDING
    priority: Priority = Priority.NORMAL
    kind: str
    title: str
    description: str = ""
    arguments: tuple[str, ...] = ()
    instruction: str = ""
    labels: tuple[str, ...] = ()
    origin: TaskOrigin
    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    author: str | None = None
    url: str | None = None
    due: UtcDatetime | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    started_at: UtcDatetime | None = None
    finished_at: UtcDatetime | None = None
    not_before: UtcDatetime | None = None
    sent_at: UtcDatetime | None = None
    dispatched: int = 0
    attempt: int = 0
    max_attempts: int = 3
    fence: int = 0
    lease: Lease | None = None
    released_at: LeaseId | None = None
    progress: str | None = None
    result: TaskResult | None = None
    reason: str | None = None
    retention: int = 86_400
    history: tuple[TaskStep, ...] = ()

    @property
    def finished(self) -> bool:
        """Return whether the task has come to an end."""
        return self.status in FINISHED

    @property
    def dead(self) -> bool:
        """Return whether the task failed because its attempts ran out or its queue gave it up."""
        spent = self.attempt >= self.max_attempts or self.last_step.by == QUEUE_ACTOR
        return self.status is TaskStatus.FAILED and spent

    @property
    def expires_at(self) -> datetime | None:
        """Return when the task may be forgotten, None while it may not.

        Or its end was not handed on.
        """
        if self.finished_at is None or not self.retention or self.dispatched < self.version:
            return None
        return self.finished_at + timedelta(seconds=self.retention)

    @property
    def due_at(self) -> datetime | None:
        """Return when maintenance must look at the task if nothing has happened to it until then."""
        if self.status is TaskStatus.RUNNING and self.lease:
            return self.lease.expires_at + LEASE_GRACE
        if self.finished:
            done = self.dispatched >= self.version
            return None if done else self.updated_at + UNSENT_AFTER
        since = max(self.updated_at, self.not_before or self.updated_at)
        if self.sent_at and self.sent_at >= since:
            return self.sent_at + max(RESEND_AFTER, self.sent_at - since)
        return since + UNSENT_AFTER

    @property
    def last_step(self) -> TaskStep:
        """Return the step that brought the task to its version."""
        return self.history[-1]

    @property
    def undispatched(self) -> tuple[TaskStep, ...]:
        """Return the steps that may not have been handed on."""
        return tuple(step for step in self.history if step.version > self.dispatched)
