"""The worker protocol: claim, heartbeat, complete, fail, release."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.work import (
    ClaimedTask,
    ClaimRequest,
    ClaimResponse,
    CompleteRequest,
    EndLeaseRequest,
    EndLeaseResponse,
    FailRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    LeaseRequest,
    LeaseView,
    ReleaseRequest,
)
from signalbox.models.base import Model, assembled
from signalbox.models.change import TaskView, task_view
from signalbox.models.ids import TaskId
from signalbox.models.principal import Scope
from signalbox.models.span import join_trace
from signalbox.models.task import Task
from signalbox.models.trace_context import task_traceparent
from signalbox.services.tasks.claim_next import ClaimNext
from signalbox.services.tasks.leases import (
    HeartbeatAction,
    LeaseRef,
    LeaseStep,
    ManageLease,
)

_TAG = "work"
_TASK = "/api/v1/tasks/<task_id>"


def add_work(routes: Routes, *, claim_next: ClaimNext, leases: ManageLease) -> None:
    """Add the routes."""
    claim = claim_next.claim

    @routes.add(_route("/api/v1/queue/claim", "Claim the next task", ClaimResponse))
    def claim_task(body: Annotated[ClaimRequest, Body()]) -> Response[str]:
        task = claim(body.worker, lease_seconds=body.lease_seconds, wait_seconds=body.wait_seconds)
        if task is None:
            return json_response(ClaimResponse())
        routes.call().effect.claimed = task.id
        return json_response(ClaimResponse(task=_joined_view(task), lease=_lease(task)))

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
        beat = leases.heartbeat(
            _lease_ref(task_id, body), lease_seconds=body.lease_seconds, progress=body.progress
        )
        join_trace(task_traceparent(beat.task))
        lease = _lease(beat.task) if beat.word is HeartbeatAction.CONTINUE else None
        return json_response(HeartbeatResponse(action=beat.word, lease=lease))

    @routes.add(_end_route("complete", "Say that the task is done"))
    def complete(task_id: str, body: Annotated[CompleteRequest, Body()]) -> Response[str]:
        return end_response(leases.complete(_lease_ref(task_id, body), body.result), body)

    @routes.add(_end_route("fail", "Say that the attempt failed"))
    def fail(task_id: str, body: Annotated[FailRequest, Body()]) -> Response[str]:
        lease_ref = _lease_ref(task_id, body)
        return end_response(leases.fail(lease_ref, body.reason, retryable=body.retryable), body)

    @routes.add(_end_route("release", "Give the task back"))
    def release(task_id: str, body: Annotated[ReleaseRequest, Body()]) -> Response[str]:
        return end_response(leases.release(_lease_ref(task_id, body), body.reason), body)

    def end_response(end: LeaseStep, body: EndLeaseRequest) -> Response[str]:
        view = _joined_view(end.task)
        claimed = claimed_next(end, body.claim) if body.claim else None
        return json_response(assembled(EndLeaseResponse, {**vars(view), "next": claimed}))

    def claimed_next(end: LeaseStep, body: ClaimRequest) -> ClaimedTask | None:
        task = claim_next(
            end, body.worker, lease_seconds=body.lease_seconds, wait_seconds=body.wait_seconds
        )
        lease = _lease(task) if task else None
        if task is None or lease is None:
            return None
        routes.call().effect.claimed = task.id
        return ClaimedTask(task=_joined_view(task), lease=lease)


def _joined_view(task: Task) -> TaskView:
    """Return the task as its worker sees it, whose request joins the trace of the task."""
    view = task_view(task)
    join_trace(view.traceparent)
    return view


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


def _end_route(action: str, summary: str) -> Route:
    return _route(f"{_TASK}/{action}", summary, EndLeaseResponse, 404, 409)


def _lease_ref(task_id: str, body: LeaseRequest) -> LeaseRef:
    return LeaseRef(task=TaskId(task_id), lease=body.lease_id, fence=body.fence)


def _lease(task: Task) -> LeaseView | None:
    if task.lease is None:
        return None
    return LeaseView(id=task.lease.id, fence=task.fence, expires_at=task.lease.expires_at)
