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
    """Who asks, how long for, and how many seconds to wait where there is nothing."""

    worker: WorkerName
    lease_seconds: LeaseSeconds = 300
    wait_seconds: int = Field(default=0, ge=0, le=20)


class LeaseView(Model):
    """What a worker must show for all it does with the task."""

    id: LeaseId
    fence: int
    expires_at: UtcDatetime


class ClaimResponse(Model):
    """A task in the worker's hands; both null if there was none to claim."""

    task: TaskView | None = None
    lease: LeaseView | None = None


class LeaseRequest(Model):
    """The lease that a worker acts under."""

    lease_id: LeaseId = Field(max_length=64)
    fence: int = Field(ge=1)


class HeartbeatRequest(LeaseRequest):
    """I live, and need so many seconds more."""

    lease_seconds: LeaseSeconds = 300
    progress: str | None = Field(default=None, max_length=500)


class CompleteRequest(LeaseRequest):
    """I am done."""

    result: TaskResult = Field(default_factory=TaskResult)


class FailRequest(LeaseRequest):
    """I could not do it; `retryable` says whether another attempt may help."""

    reason: str = Field(min_length=1, max_length=2_000)
    retryable: bool = True


class ReleaseRequest(LeaseRequest):
    """I have not done it, and somebody else should."""

    reason: str | None = Field(default=None, max_length=2_000)


class HeartbeatResponse(Model):
    """Whether to go on, and until when the lease runs."""

    action: HeartbeatAction
    lease: LeaseView | None = None
