"""A task, as it is stored. Its life cycle is in `lifecycle`."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import Field, JsonValue, field_validator
from pydantic_core import PydanticCustomError, to_json

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import DeliveryId, LeaseId, RequestId, TaskId, WorkerId
from signalbox.models.relations import TaskRelations

UNSENT_AFTER: Final = timedelta(minutes=2)
"""After how long maintenance sends a message for a pending task that has none."""

RESEND_AFTER: Final = timedelta(hours=6)
"""After how long maintenance sends another message for a waiting task, in case a queue was purged.

Each time it waits twice as long, so that a paused queue is not filled with repetitions.
"""

MAX_SEND_DELAY: Final = timedelta(minutes=15)
"""How long before its time a delayed task gets its message, which SQS delays no longer.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
"""

MAX_START_DELAY: Final = timedelta(days=366)
"""How far ahead the time may be before which a task does not start."""

LEASE_GRACE: Final = timedelta(seconds=30)
"""How long after the end of a lease maintenance waits for its message to return by itself."""

QUEUE_ACTOR: Final = "queue"
"""The actor of steps that a queue causes."""

_MAX_DATA_BYTES: Final = 32_000


class TaskStatus(StrEnum):
    """The status of a task."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    AWAITING_APPROVAL = "awaiting_approval"


class Priority(StrEnum):
    """The queue in which a task waits."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class ChangeType(StrEnum):
    """The kind of a step; `signalbox.task.<value>` is the type of its envelope."""

    CREATED = "created"
    APPROVED = "approved"
    STARTED = "started"
    RELEASED = "released"
    RETRYING = "retrying"
    LEASE_LOST = "lease_lost"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    UPDATED = "updated"
    READY = "ready"


FINISHED: Final = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELLED})


class TaskOrigin(Model):
    """Where a task came from; `provider` is `api` for one created through the API.

    `fingerprint` is a hash of the request with an Idempotency-Key that created the task. `hops` is
    how many installations the request has passed before. `planned_at` is for when a schedule
    planned it. `traceparent` is the trace context that a client sent.
    """

    provider: str
    source: str = "default"
    delivery_id: DeliveryId | None = None
    delivery_key: str | None = None
    event: str | None = None
    request_id: RequestId | None = None
    fingerprint: str | None = None
    hops: int = 0
    planned_at: UtcDatetime | None = None
    traceparent: str | None = None


class Lease(Model):
    """The right of one worker to work on a task until a time.

    `message` and `receipt` identify the queue message that the lease hides. It is hidden until
    `hidden_until` where that is earlier than the end of the lease, None if it is not.
    """

    id: LeaseId
    worker: WorkerId
    expires_at: UtcDatetime
    queue: Priority
    message: str
    receipt: str
    hidden_until: UtcDatetime | None = None


class TaskResult(Model):
    """What a worker reports of finished work. `data` has at most 32,000 bytes of JSON.

    `masked` marks that something in the summary looked like a secret and was masked.
    """

    summary: str = Field(default="", max_length=4_000)
    url: str | None = Field(default=None, max_length=2_000, pattern=r"^https?://[^\s]+$")
    data: dict[str, JsonValue] = Field(default_factory=dict)
    masked: bool = False

    @field_validator("data")
    @classmethod
    def _fits(cls, data: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if len(to_json(data)) > _MAX_DATA_BYTES:
            raise PydanticCustomError("too_long", "the data is over 32,000 bytes")
        return data


class TaskApproval(Model):
    """The approval that a task needs before it runs.

    `seconds` is for how long it may be given. `requester` may not give it; None if that does not
    matter. `by` has given it.
    """

    seconds: int
    expires_at: UtcDatetime
    requester: str | None = None
    by: str | None = None


class TaskStep(Model):
    """One step of a task. `by` is its actor: a principal, a worker, a source."""

    version: int
    type: ChangeType
    status: TaskStatus
    at: UtcDatetime
    by: str
    attempt: int
    reason: str | None = None


class TaskContent(Model):
    """What a task asks for: the fields that its request, its record and its views share."""

    kind: str
    title: str
    description: str = ""
    arguments: tuple[str, ...] = ()
    instruction: str = ""
    labels: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    url: str | None = None
    due: UtcDatetime | None = None
    max_attempts: int = 3


def content_of(task: TaskContent) -> dict[str, Any]:
    """Return the content of a task by field, to pass it to another model of it."""
    values = task.__dict__
    return {name: values[name] for name in TaskContent.__pydantic_fields__}


class EditableFields(Model):
    """The fields of a task that can be changed."""

    title: str
    description: str
    priority: Priority
    labels: tuple[str, ...]
    due: UtcDatetime | None


class Task(TaskContent):
    """A durable unit of work.

    `fence` counts the leases, `attempt` those that count against `max_attempts`. No attempt begins
    before `not_before`. `sent_at` is when a message for the task was put into its queue, or becomes
    visible there; None if there is none. `released_at` is the lease
    under which a worker released it last. `dispatched` is the last version whose change is known to
    be dispatched. `indexed_at` is the time of its entry in the index of due items, unless that is
    two minutes after its creation. `retention` is in seconds; 0 stores a finished task forever.
    """

    id: TaskId
    version: int = 1
    status: TaskStatus = TaskStatus.PENDING
    origin: TaskOrigin
    author: str | None = None
    approval: TaskApproval | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    started_at: UtcDatetime | None = None
    finished_at: UtcDatetime | None = None
    not_before: UtcDatetime | None = None
    sent_at: UtcDatetime | None = None
    dispatched: int = 0
    indexed_at: UtcDatetime | None = None
    attempt: int = 0
    fence: int = 0
    lease: Lease | None = None
    released_at: LeaseId | None = None
    progress: str | None = None
    result: TaskResult | None = None
    reason: str | None = None
    retention: int = 86_400
    relations: TaskRelations | None = None
    history: tuple[TaskStep, ...] = ()

    @property
    def finished(self) -> bool:
        """Return whether the task has finished."""
        return self.status in FINISHED

    @property
    def tenant(self) -> str:
        """Return whose tasks may not delay those of others: its repository, else its source."""
        return self.repository or f"{self.origin.provider}/{self.origin.source}"

    @property
    def runs_after(self) -> tuple[TaskId, ...]:
        """Return the tasks after which this one runs, whether they have ended or not."""
        return self.relations.after if self.relations else ()

    @property
    def waits_for(self) -> tuple[TaskId, ...]:
        """Return the tasks that have to end before this one may run."""
        return self.relations.waits_for if self.relations and not self.finished else ()

    @property
    def limited_by(self) -> str | None:
        """Return the full slot that the pending task waits for."""
        is_pending = self.status is TaskStatus.PENDING
        return self.relations.limited_by if self.relations and is_pending else None

    @property
    def dead(self) -> bool:
        """Return whether the task failed because its attempts ran out or its queue gave it up."""
        spent = self.attempt >= self.max_attempts or self.last_step.by == QUEUE_ACTOR
        return self.status is TaskStatus.FAILED and spent

    @property
    def retained_until(self) -> datetime | None:
        """Return when the retention of the finished task ends, None if it never does."""
        if self.finished_at is None or not self.retention:
            return None
        return self.finished_at + timedelta(seconds=self.retention)

    @property
    def expires_at(self) -> datetime | None:
        """Return when the task expires, None if it does not.

        Or if its last change was not dispatched.
        """
        return self.retained_until if self.dispatched >= self.version else None

    @property
    def due_at(self) -> datetime | None:
        """Return when maintenance must look at the task."""
        if self.status is TaskStatus.RUNNING and self.lease:
            return self.lease.expires_at + LEASE_GRACE
        if self.finished:
            return self._once_dispatched(None)
        if waits_until := self._waits_until:
            return self._once_dispatched(waits_until)
        since = max(self.updated_at, self.not_before or self.updated_at)
        if self.sent_at and self.sent_at >= since:
            return self.sent_at + max(RESEND_AFTER, self.sent_at - since)
        return since + UNSENT_AFTER

    @property
    def _waits_until(self) -> datetime | None:
        """Return until when the task is to have no message, None if it is to have one."""
        if self.status is TaskStatus.AWAITING_APPROVAL and self.approval:
            return self.approval.expires_at
        if self.relations and (self.waits_for or self.limited_by):
            return self.relations.due_at(self.updated_at)
        if self.sent_at is None and self.not_before:
            return self.not_before - MAX_SEND_DELAY
        return None

    def _once_dispatched(self, at: datetime | None) -> datetime | None:
        """Return a time if the last change was dispatched, else when that is overdue."""
        return at if self.dispatched >= self.version else self.updated_at + UNSENT_AFTER

    @property
    def indexed_due_at(self) -> datetime | None:
        """Return the time under which the index of due items has it, never after `due_at`.

        `due_entry` has the rules by which it is moved.
        """
        due_at = self.due_at
        return due_at and min(due_at, self.indexed_at or self.created_at + UNSENT_AFTER)

    def start_delay(self, now: datetime) -> timedelta:
        """Return how long it takes until a worker may start the task; zero if one may now."""
        return max(timedelta(), (self.not_before or now) - now)

    def is_early(self, now: datetime) -> bool:
        """Return whether it is too early to send a message for the task."""
        return self.start_delay(now) > MAX_SEND_DELAY

    def approval_is_over(self, now: datetime) -> bool:
        """Return whether the task awaits an approval that nobody gave in time."""
        waits = self.status is TaskStatus.AWAITING_APPROVAL
        return waits and self.approval is not None and self.approval.expires_at <= now

    @property
    def last_step(self) -> TaskStep:
        """Return the step that brought the task to its version."""
        return self.history[-1]

    @property
    def undispatched(self) -> tuple[TaskStep, ...]:
        """Return the steps that may not be dispatched."""
        return tuple(step for step in self.history if step.version > self.dispatched)
