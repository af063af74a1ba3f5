"""Request and response bodies of work."""

from typing import Annotated

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import TaskView
from signalbox.models.ids import LeaseId, WorkerId
from signalbox.models.task import TaskResult
from signalbox.services.tasks.leases import (
    MAX_LEASE_SECONDS,
    HeartbeatAction,
)

LeaseSeconds = Annotated[int, Field(ge=10, le=MAX_LEASE_SECONDS)]

WorkerName = Annotated[
    WorkerId, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$", max_length=128)
]


class ClaimRequest(Model):
    """The worker, the duration of its lease, and how long to wait for a task."""

    worker: WorkerName
    lease_seconds: LeaseSeconds = 300
    wait_seconds: int = Field(default=0, ge=0, le=20)


class LeaseView(Model):
    """The lease of a worker, which it sends with every request."""

    id: LeaseId
    fence: int
    expires_at: UtcDatetime


class ClaimedTask(Model):
    """A task with its lease."""

    task: TaskView
    lease: LeaseView


class ClaimResponse(Model):
    """A task with its lease; both are null if no task was available."""

    task: TaskView | None = None
    lease: LeaseView | None = None


class LeaseRequest(Model):
    """The lease under which a worker acts."""

    lease_id: LeaseId = Field(max_length=64)
    fence: int = Field(ge=1)


class HeartbeatRequest(LeaseRequest):
    """Extend the lease by this many seconds from now."""

    lease_seconds: LeaseSeconds = 300
    progress: str | None = Field(default=None, max_length=500)


class EndLeaseRequest(LeaseRequest):
    """End the lease; with `claim` also claim the next task, once the end is stored."""

    claim: ClaimRequest | None = None


class CompleteRequest(EndLeaseRequest):
    """The result of the task."""

    result: TaskResult = Field(default_factory=TaskResult)


class FailRequest(EndLeaseRequest):
    """Why the attempt failed; `retryable` states whether another attempt can succeed."""

    reason: str = Field(min_length=1, max_length=2_000)
    retryable: bool = True


class ReleaseRequest(EndLeaseRequest):
    """Return the task to its queue."""

    reason: str | None = Field(default=None, max_length=2_000)


class HeartbeatResponse(Model):
    """Whether to continue, and until when the lease lasts."""

    action: HeartbeatAction
    lease: LeaseView | None = None


class EndLeaseResponse(TaskView):
    """The task after the end of the lease. `next` is the task that was claimed, if one was."""

    next: ClaimedTask | None = None
