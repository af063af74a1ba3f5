"""The API of tasks as a worker uses it, by the rules of the models, without a server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cli.api_client import ApiClient, ApiError, ApiUnavailable
from signalbox.http.schemas.logs import AppendLogRequest, AppendLogResponse
from signalbox.http.schemas.work import (
    ClaimRequest,
    ClaimResponse,
    CompleteRequest,
    EndLeaseResponse,
    FailRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    LeaseView,
    ReleaseRequest,
)
from signalbox.models.change import TaskView, task_view
from signalbox.models.errors import Conflict
from signalbox.models.ids import TaskId, WorkerId, random_lease_id
from signalbox.models.lifecycle import (
    attempt_failed,
    cancelled,
    current_lease,
    extended,
    lease_ended,
    leased,
    released,
    succeeded,
)
from signalbox.models.log import Batch, Chunk, next_chunk
from signalbox.models.task import Lease, Priority, Task, TaskStatus
from signalbox.services.tasks.leases import HeartbeatAction

BASE_URL = "https://signalbox.test"


@dataclass(slots=True, kw_only=True)
class TaskRecords:
    """The tasks, and what is in their logs. `away` makes every request fail.

    With `hold_released` a released task waits, so that it is not claimed again at once.
    """

    tasks: dict[TaskId, Task] = field(default_factory=dict)
    chunks: dict[TaskId, list[Chunk]] = field(default_factory=dict)
    beats: list[str | None] = field(default_factory=list)
    releases: list[str] = field(default_factory=list)
    hold_released: bool = True
    away: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add(self, task: Task) -> Task:
        self.tasks[task.id] = task
        return task

    def lines(self, task: TaskId) -> list[str]:
        return [line for chunk in self.chunks.get(task, []) for line in chunk.lines]

    def cancel(self, task: TaskId) -> None:
        with self.lock:
            self.tasks[task] = cancelled(self.tasks[task], None, datetime.now(UTC), by="test")

    def lose_lease(self, task: TaskId) -> None:
        """Let the lease be over, and the task be claimed again by somebody else."""
        with self.lock:
            ended = lease_ended(self.tasks[task], datetime.now(UTC) + timedelta(days=1), by="test")
            self.tasks[task] = leased(ended, _lease("other", 3_600), datetime.now(UTC))


def _lease(worker: str, seconds: int) -> Lease:
    return Lease(
        id=random_lease_id(),
        worker=WorkerId(worker),
        expires_at=datetime.now(UTC) + timedelta(seconds=seconds),
        queue=Priority.NORMAL,
        message="m",
        receipt="r",
    )


class FakeTaskApi(ApiClient):
    """A client whose requests are answered from records."""

    records: TaskRecords

    @contextmanager
    def _answering(self) -> Iterator[datetime]:
        with self.records.lock:
            if self.records.away:
                raise ApiUnavailable("away")
            try:
                yield datetime.now(UTC)
            except Conflict as conflict:
                raise ApiError(409, str(conflict)) from conflict
            except KeyError:
                raise ApiError(404, "not_found") from None

    def _put(self, after: Task) -> TaskView:
        self.records.tasks[after.id] = after
        return task_view(after)

    def _ended(self, after: Task) -> EndLeaseResponse:
        return EndLeaseResponse(**vars(self._put(after)))

    def task(self, task: TaskId) -> TaskView:
        with self._answering():
            return task_view(self.records.tasks[task])

    def claim(self, claim: ClaimRequest) -> ClaimResponse:
        with self._answering() as now:
            for task in self.records.tasks.values():
                if task.status is TaskStatus.PENDING and (task.not_before or now) <= now:
                    lease = _lease(claim.worker, claim.lease_seconds)
                    view = self._put(leased(task, lease, now))
                    fence = self.records.tasks[task.id].fence
                    held = LeaseView(id=lease.id, fence=fence, expires_at=lease.expires_at)
                    return ClaimResponse(task=view, lease=held)
            return ClaimResponse()

    def heartbeat(
        self, task: TaskId, request: HeartbeatRequest, timeout: float
    ) -> HeartbeatResponse:
        with self._answering() as now:
            stored, progress = self.records.tasks[task], request.progress
            self.records.beats.append(progress)
            if stored.status is TaskStatus.CANCELLED:
                return HeartbeatResponse(action=HeartbeatAction.CANCEL)
            until = now + timedelta(seconds=request.lease_seconds)
            self._put(extended(stored, request.lease_id, request.fence, until, progress, now))
            return HeartbeatResponse(action=HeartbeatAction.CONTINUE)

    def append(self, task: TaskId, lines: AppendLogRequest, timeout: float) -> AppendLogResponse:
        with self._answering() as now:
            stored = self.records.tasks[task]
            current_lease(stored, lines.lease_id, lines.fence)
            batch = Batch(
                seq=lines.lines[0].seq,
                attempt=stored.attempt,
                fence=lines.fence,
                lines=tuple(line.text for line in lines.lines),
            )
            chunks = self.records.chunks.setdefault(task, [])
            chunk = next_chunk(chunks[-1] if chunks else None, batch, now)
            if chunk:
                chunks.append(chunk)
            return AppendLogResponse(stored=0, lines_left=1, bytes_left=1)

    def complete(self, task: TaskId, completion: CompleteRequest) -> EndLeaseResponse:
        with self._answering() as now:
            stored, fence = self.records.tasks[task], completion.fence
            return self._ended(
                succeeded(stored, completion.lease_id, fence, completion.result, now)
            )

    def fail(self, task: TaskId, failure: FailRequest) -> EndLeaseResponse:
        with self._answering() as now:
            stored, lease = self.records.tasks[task], failure.lease_id
            later = now + timedelta(hours=1)
            return self._ended(
                attempt_failed(stored, lease, failure.fence, failure.reason, later, now)
            )

    def release(self, task: TaskId, request: ReleaseRequest) -> EndLeaseResponse:
        with self._answering() as now:
            stored, lease = self.records.tasks[task], request.lease_id
            after = released(stored, lease, request.fence, request.reason, now)
            self.records.releases.append(request.reason or "")
            if self.records.hold_released:
                after = after.model_copy(update={"not_before": now + timedelta(hours=1)})
            return self._ended(after)


def task_api(records: TaskRecords) -> FakeTaskApi:
    """A client of these records."""
    api = FakeTaskApi(base_url=BASE_URL, key="key")
    object.__setattr__(api, "records", records)
    return api
