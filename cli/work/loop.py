"""A worker: claim a task, run a command for it, report the outcome, repeat."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from cli.api_client import ApiClient, ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.output import Output
from cli.work.lease import LeaseRenewer, StopReason, response_timeout
from cli.work.log_upload import LogUploader
from cli.work.process import RunningCommand, start_command
from cli.work.signals import StopFlag
from signalbox.http.schemas.logs import AppendLogRequest, AppendLogResponse, LogLineInput
from signalbox.http.schemas.work import (
    ClaimRequest,
    CompleteRequest,
    FailRequest,
    LeaseRequest,
    LeaseView,
    ReleaseRequest,
)
from signalbox.models.change import TaskView
from signalbox.models.ids import TaskId, WorkerId
from signalbox.models.redaction import redacted
from signalbox.models.task import TaskResult

_POLL_SECONDS: Final = 0.1
_MAX_SUMMARY: Final = 4_000
_MAX_REASON: Final = 2_000
_FIRST_PAUSE: Final = 1.0
_MAX_PAUSE: Final = 30.0
_FLUSH_SECONDS: Final = 5.0


class AttemptOutcome(StrEnum):
    """The outcome of an attempt."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RELEASED = "released"
    CANCELLED = "cancelled"
    LOST = "lost"


_ENDS: Final = {
    StopReason.CANCELLED: AttemptOutcome.CANCELLED,
    StopReason.LOST: AttemptOutcome.LOST,
    StopReason.UNHEARD: AttemptOutcome.LOST,
}


class WorkerEvent(BaseModel):
    """What a worker prints about its work."""

    at: datetime
    worker: str
    task_id: str | None
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker. It releases its task and stops when `stopping` is set."""

    api: ApiClient
    name: WorkerId
    argv: Sequence[str]
    output: Output
    lease_seconds: int
    wait_seconds: int
    stopping: StopFlag = field(default_factory=StopFlag)

    def run(self) -> None:
        """Work until `stopping` is set.

        Raises:
            ApiError: The API refused this worker.
        """
        self._print(None, "ready", f"waits for tasks at {self.api.base_url}")
        pause = _FIRST_PAUSE
        while not self.stopping.is_set():
            try:
                self.once()
                pause = _FIRST_PAUSE
            except ApiUnavailable as away:
                self._print(None, "waiting", str(away))
                self.stopping.wait(max(pause, away.after))
                pause = min(pause * 2, _MAX_PAUSE)
        self._print(None, "stopped", "gave back what it held")

    def once(self) -> AttemptOutcome | None:
        """Claim and run one task, and return its outcome; None if there was no task.

        Raises:
            ApiError: The API refused the request.
            ApiUnavailable: The API did not answer.
        """
        claim = ClaimRequest(
            worker=self.name, lease_seconds=self.lease_seconds, wait_seconds=self.wait_seconds
        )
        claimed = self.api.claim(claim)
        if claimed.task is None or claimed.lease is None:
            return None
        return self._work(claimed.task, claimed.lease)

    def _work(self, task: TaskView, lease: LeaseView) -> AttemptOutcome:
        since = time.monotonic()
        held = LeaseRequest(lease_id=lease.id, fence=lease.fence)
        attempt = f"attempt {task.attempt} of {task.max_attempts}, fence {lease.fence}"
        self._print(task.id, "claimed", f"{task.title} ({attempt})")
        if self.stopping.is_set():
            after = self.api.release(task.id, self._return(held))
            return self._finish(task.id, AttemptOutcome.RELEASED, after.status)
        teller = self._uploader(task.id, held)
        running = self._start(task, held, teller)
        keeper = LeaseRenewer(
            api=self.api,
            task=task.id,
            lease=held,
            seconds=self.lease_seconds,
            since=since,
            progress=lambda: redacted(running.last_line),
        )
        try:
            with keeper, teller:
                stop = self._watch(running, keeper)
        finally:
            running.stop()
        if stop:
            return self._finish(task.id, _ENDS[stop], stop)
        teller.flush(min(time.monotonic() + _FLUSH_SECONDS, keeper.expires_at))
        return self._settle(task.id, held, running, until=keeper.expires_at)

    def _uploader(self, task: TaskId, held: LeaseRequest) -> LogUploader:
        timeout = response_timeout(self.lease_seconds)

        def append(first: int, lines: Sequence[str]) -> AppendLogResponse:
            numbered = tuple(
                LogLineInput(seq=seq, text=text) for seq, text in enumerate(lines, first)
            )
            return self.api.append(
                task, AppendLogRequest(**held.model_dump(), lines=numbered), timeout
            )

        return LogUploader(append=append)

    def _start(self, task: TaskView, held: LeaseRequest, teller: LogUploader) -> RunningCommand:
        def said(line: str) -> None:
            self._print(task.id, "output", line)
            teller.add(line)

        try:
            return start_command(self.argv, task, said)
        except CommandError as failure:
            self.api.release(task.id, self._return(held, str(failure)))
            raise

    def _watch(self, running: RunningCommand, keeper: LeaseRenewer) -> StopReason | None:
        """Wait for the end of the command, and return why it must be stopped, if so."""
        while running.ended() is None and not self.stopping.is_set():
            stop = keeper.must_stop()
            if stop:
                return stop
            time.sleep(_POLL_SECONDS)
        running.finish()
        return None

    def _settle(
        self, task: TaskId, held: LeaseRequest, running: RunningCommand, *, until: float
    ) -> AttemptOutcome:
        """Report the outcome until the API accepts it or the lease is over."""
        end, tell = self._report(task, held, running)
        pause = _FIRST_PAUSE
        while True:
            try:
                after = tell()
                return self._finish(task, end, after.status)
            except ApiError as refused:
                return self._finish(task, AttemptOutcome.LOST, str(refused))
            except ApiUnavailable as away:
                rest = max(pause, away.after)
                if time.monotonic() + rest >= until:
                    return self._finish(task, AttemptOutcome.LOST, str(away))
            time.sleep(rest)
            pause *= 2

    def _report(
        self, task: TaskId, held: LeaseRequest, running: RunningCommand
    ) -> tuple[AttemptOutcome, Callable[[], TaskView]]:
        """Return the outcome, and the request that reports it."""
        lease = held.model_dump()
        code, tail = running.ended(), running.tail
        said = redacted(tail)
        if self.stopping.is_set() and code != 0:
            return AttemptOutcome.RELEASED, lambda: self.api.release(task, self._return(held))
        if code == 0:
            result = TaskResult(summary=said[-_MAX_SUMMARY:], masked=said != tail)
            done = CompleteRequest(**lease, result=result)
            return AttemptOutcome.SUCCEEDED, lambda: self.api.complete(task, done)
        reason = f"the command ended with {code}"
        failed = FailRequest(**lease, reason=f"{reason}: {said}"[:_MAX_REASON] if said else reason)
        return AttemptOutcome.FAILED, lambda: self.api.fail(task, failed)

    def _return(self, held: LeaseRequest, reason: str = "") -> ReleaseRequest:
        why = reason or f"worker {self.name} was stopped"
        return ReleaseRequest(**held.model_dump(), reason=why[:_MAX_REASON])

    def _finish(self, task: TaskId, end: AttemptOutcome, text: str) -> AttemptOutcome:
        self._print(task, end, text)
        return end

    def _print(self, task: TaskId | None, what: str, text: str) -> None:
        now = datetime.now(UTC)
        happening = WorkerEvent(at=now, worker=self.name, task_id=task, what=what, text=text)
        words = (f"{now:%H:%M:%S}", task or self.name, what, text)
        self.output.line(happening, "  ".join(words))
