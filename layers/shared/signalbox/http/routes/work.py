"""The worker protocol: claim a task, say that you live, say how it ended."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from signalbox.http.routing import Route, Routes, said
from signalbox.models.base import Model, Moment
from signalbox.models.change import TaskView, view_of
from signalbox.models.ids import LeaseId, TaskId, WorkerId
from signalbox.models.principal import Scope
from signalbox.models.task import Result, Task
from signalbox.services.claim import ClaimTask
from signalbox.services.hold import LEASE_AT_MOST, Held, HoldTask, Word

_TAG = "work"
_TASK = "/api/v1/tasks/<task_id>"

Seconds = Annotated[int, Field(ge=10, le=LEASE_AT_MOST)]
Worker = Annotated[
    WorkerId, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$", max_length=128)
]


class Claim(Model):
    """Who asks, how long for, and how many seconds to wait where there is nothing."""

    worker: Worker
    lease_seconds: Seconds = 300
    wait_seconds: int = Field(default=0, ge=0, le=20)


class LeaseView(Model):
    """What a worker must show for all it does with the task."""

    id: LeaseId
    fence: int
    expires_at: Moment


class Claimed(Model):
    """A task in the worker's hands; both null where there was none to claim."""

    task: TaskView | None = None
    lease: LeaseView | None = None


class OfLease(Model):
    """The lease that a worker acts under."""

    lease_id: LeaseId = Field(max_length=64)
    fence: int = Field(ge=1)


class Heartbeat(OfLease):
    """I live, and need so many seconds more."""

    lease_seconds: Seconds = 300
    progress: str | None = Field(default=None, max_length=500)


class Completion(OfLease):
    """I am done."""

    result: Result = Field(default_factory=Result)


class Failure(OfLease):
    """I could not do it; `retryable` says whether another attempt may help."""

    reason: str = Field(min_length=1, max_length=2_000)
    retryable: bool = True


class Return(OfLease):
    """I have not done it, and somebody else should."""

    reason: str | None = Field(default=None, max_length=2_000)


class BeatAnswer(Model):
    """Whether to go on, and until when the lease runs."""

    action: Word
    lease: LeaseView | None = None


def add_work(routes: Routes, *, claim: ClaimTask, hold: HoldTask) -> None:
    """Adds the routes."""

    @routes.add(_route("/api/v1/queue/claim", "Claim the next task", Claimed))
    def claim_task(body: Annotated[Claim, Body()]) -> Response[str]:
        task = claim(body.worker, lease_seconds=body.lease_seconds, wait_seconds=body.wait_seconds)
        return said(Claimed(task=view_of(task), lease=_lease(task)) if task else Claimed())

    @routes.add(
        _route(
            f"{_TASK}/heartbeat", "Extend the lease, learn whether to go on", BeatAnswer, 404, 409
        )
    )
    def heartbeat(task_id: str, body: Annotated[Heartbeat, Body()]) -> Response[str]:
        beat = hold.heartbeat(
            _held(task_id, body), lease_seconds=body.lease_seconds, progress=body.progress
        )
        lease = _lease(beat.task) if beat.word is Word.CONTINUE else None
        return said(BeatAnswer(action=beat.word, lease=lease))

    @routes.add(_route(f"{_TASK}/complete", "Say that the task is done", TaskView, 404, 409))
    def complete(task_id: str, body: Annotated[Completion, Body()]) -> Response[str]:
        return said(view_of(hold.complete(_held(task_id, body), body.result)))

    @routes.add(_route(f"{_TASK}/fail", "Say that the attempt failed", TaskView, 404, 409))
    def fail(task_id: str, body: Annotated[Failure, Body()]) -> Response[str]:
        task = hold.fail(_held(task_id, body), body.reason, retryable=body.retryable)
        return said(view_of(task))

    @routes.add(_route(f"{_TASK}/release", "Give the task back", TaskView, 404, 409))
    def release(task_id: str, body: Annotated[Return, Body()]) -> Response[str]:
        return said(view_of(hold.release(_held(task_id, body), body.reason)))


def _route(path: str, summary: str, answers: type[Model], *refuses: int) -> Route:
    return Route(
        method="POST",
        path=path,
        scope=Scope.TASKS_WORK,
        tag=_TAG,
        summary=summary,
        answers=answers,
        refuses=refuses,
    )


def _held(task_id: str, body: OfLease) -> Held:
    return Held(task=TaskId(task_id), lease=body.lease_id, fence=body.fence)


def _lease(task: Task) -> LeaseView | None:
    if task.lease is None:
        return None
    return LeaseView(id=task.lease.id, fence=task.fence, expires_at=task.lease.expires_at)
