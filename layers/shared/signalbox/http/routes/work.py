"""The worker protocol: claim a task, say that you live, say how it ended."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from signalbox.http.routing import Route, Routes, json_response
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import TaskView, task_view
from signalbox.models.ids import LeaseId, TaskId, WorkerId
from signalbox.models.principal import Scope
from signalbox.models.task import Task, TaskResult
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.leases import (
    MAX_LEASE_SECONDS,
    HeartbeatAction,
    LeaseRef,
    ManageLease,
)

_TAG = "work"
_TASK = "/api/v1/tasks/<task_id>"

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
    """A task in the worker's hands; both null where there was none to claim."""

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


def add_work(routes: Routes, *, claim: ClaimTask, hold: ManageLease) -> None:
    """Adds the routes."""

    @routes.add(_route("/api/v1/queue/claim", "Claim the next task", ClaimResponse))
    def claim_task(body: Annotated[ClaimRequest, Body()]) -> Response[str]:
        task = claim(body.worker, lease_seconds=body.lease_seconds, wait_seconds=body.wait_seconds)
        return json_response(
            ClaimResponse(task=task_view(task), lease=_lease(task)) if task else ClaimResponse()
        )

    @routes.add(
        _route(
            f"{_TASK}/heartbeat",
            "Extend the lease, learn whether to go on",
            HeartbeatResponse,
            404,
            409,
        )
    )
    def heartbeat(task_id: str, body: Annotated[HeartbeatRequest, Body()]) -> Response[str]:
        beat = hold.heartbeat(
            _held(task_id, body), lease_seconds=body.lease_seconds, progress=body.progress
        )
        lease = _lease(beat.task) if beat.word is HeartbeatAction.CONTINUE else None
        return json_response(HeartbeatResponse(action=beat.word, lease=lease))

    @routes.add(_route(f"{_TASK}/complete", "Say that the task is done", TaskView, 404, 409))
    def complete(task_id: str, body: Annotated[CompleteRequest, Body()]) -> Response[str]:
        return json_response(task_view(hold.complete(_held(task_id, body), body.result)))

    @routes.add(_route(f"{_TASK}/fail", "Say that the attempt failed", TaskView, 404, 409))
    def fail(task_id: str, body: Annotated[FailRequest, Body()]) -> Response[str]:
        task = hold.fail(_held(task_id, body), body.reason, retryable=body.retryable)
        return json_response(task_view(task))

    @routes.add(_route(f"{_TASK}/release", "Give the task back", TaskView, 404, 409))
    def release(task_id: str, body: Annotated[ReleaseRequest, Body()]) -> Response[str]:
        return json_response(task_view(hold.release(_held(task_id, body), body.reason)))


def _route(path: str, summary: str, answers: type[Model], *refuses: int) -> Route:
    return Route(
        method="POST",
        path=path,
        scope=Scope.TASKS_WORK,
        tag=_TAG,
        summary=summary,
        response_model=answers,
        problems=refuses,
    )


def _held(task_id: str, body: LeaseRequest) -> LeaseRef:
    return LeaseRef(task=TaskId(task_id), lease=body.lease_id, fence=body.fence)


def _lease(task: Task) -> LeaseView | None:
    if task.lease is None:
        return None
    return LeaseView(id=task.lease.id, fence=task.fence, expires_at=task.lease.expires_at)
