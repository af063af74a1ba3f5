"""Tasks, their history and their leases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Self, TypeAlias

ChangeType: TypeAlias = Literal[
    "created",
    "approved",
    "started",
    "released",
    "retrying",
    "lease_lost",
    "succeeded",
    "failed",
    "cancelled",
    "retried",
    "updated",
    "ready",
]
GroupPolicy: TypeAlias = Literal["queue", "latest"]
OnFailure: TypeAlias = Literal["cancel", "run"]
HeartbeatAction: TypeAlias = Literal["continue", "cancel"]
Priority: TypeAlias = Literal["high", "normal", "low"]
TaskStatus: TypeAlias = Literal[
    "pending", "running", "succeeded", "failed", "cancelled", "awaiting_approval"
]

_FINISHED: Final = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskApproval:
    """The approval that a task needs before it runs.

    `seconds` is for how long it may be given. `requester` may not give it; None if that does not
    matter. `by` has given it.
    """

    seconds: int
    expires_at: datetime
    requester: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What a worker reports of finished work. `data` has at most 32,000 bytes of JSON.

    `masked` marks that something in the summary looked like a secret and was masked.
    """

    summary: str = ""
    url: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as clients see it: everything but the lease, which only its worker may know.

    `request_id` is that of the request that created it. `hops` is how many other installations it
    has passed, `planned_at` for when a schedule planned it. `traceparent` is its W3C trace context.
    It runs `after` these tasks; `waits_for` are those of them that have not ended. `limited_by` is
    the kind or group of which enough tasks run.
    """

    kind: str
    title: str
    description: str
    arguments: tuple[str, ...]
    instruction: str
    labels: tuple[str, ...]
    priority: Priority
    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    url: str | None = None
    due: datetime | None = None
    max_attempts: int
    id: str
    version: int
    status: TaskStatus
    provider: str
    source: str
    author: str | None = None
    attempt: int
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None = None
    waits_for: tuple[str, ...] = ()
    limited_by: str | None = None
    expires_at: datetime | None = None
    event: str | None = None
    delivery_id: str | None = None
    delivery_key: str | None = None
    request_id: str | None = None
    traceparent: str | None = None
    hops: int = 0
    planned_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    approval: TaskApproval | None = None
    after: tuple[str, ...] = ()
    on_failure: OnFailure | None = None
    group: str | None = None
    group_policy: GroupPolicy | None = None
    worker: str | None = None
    lease_expires_at: datetime | None = None
    progress: str | None = None
    result: TaskResult | None = None
    reason: str | None = None

    @property
    def finished(self) -> bool:
        """Return whether the task has succeeded, has failed for good, or was cancelled."""
        return self.status in _FINISHED

    @property
    def succeeded(self) -> bool:
        """Return whether the task has succeeded."""
        return self.status == "succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """The cancelled task, and which of its dependents this request has cancelled.

    If there are `more`, they are cancelled within minutes, or by another such request.
    """

    task: Task
    dependents: tuple[str, ...] = ()
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """A task in a list."""

    id: str
    version: int
    status: TaskStatus
    priority: Priority
    kind: str
    title: str
    provider: str
    source: str
    repository: str | None = None
    author: str | None = None
    url: str | None = None
    attempt: int
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None = None
    waits_for: tuple[str, ...] = ()
    limited_by: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependents:
    """The first tasks that wait for a task, and whether there may be `more`."""

    items: tuple[TaskSummary, ...] = ()
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """A page of tasks, newest first. `next` is the cursor of the next page, None at the end.

    A page may be short without being the last.
    """

    items: tuple[TaskSummary, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStep:
    """One step of a task. `by` is its actor: a principal, a worker, a source."""

    version: int
    type: ChangeType
    status: TaskStatus
    at: datetime
    by: str
    attempt: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """A change in the history of a task, with its step."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    data: TaskStep


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHistory:
    """Every step of a task, oldest first. Of more than 50 only the first and the latest remain."""

    items: tuple[TaskChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The lease of a worker, which it sends with every request. Its id is a credential."""

    id: str = field(repr=False)
    fence: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task with its lease; both are None if no task was available."""

    task: Task | None = None
    lease: Lease | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTask:
    """A task with the lease under which a worker works on it."""

    task: Task
    lease: Lease

    @classmethod
    def of(cls, claim: Claim) -> Self | None:
        """Return the task of a claim, if there is one."""
        if claim.task is None or claim.lease is None:
            return None
        return cls(task=claim.task, lease=claim.lease)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedTask(Task):
    """A task after the end of its lease. `next` is the task that was claimed, if one was."""

    next: ClaimedTask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Whether to continue, and until when the lease lasts."""

    action: HeartbeatAction
    lease: Lease | None = None
