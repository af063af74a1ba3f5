"""A worker: claims a task, runs a command for it, says how it ended, again and again."""

import threading
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

_LOOK: Final = 0.1
_SUMMARY: Final = 4_000
_REASON: Final = 2_000
_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_LAST_WORDS: Final = 5.0


class AttemptOutcome(StrEnum):
    """How the work on a task ended."""

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
    """What a worker says of its work."""

    at: datetime
    worker: str
    task_id: str | None
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """`stopping` is set by whoever wants the worker to stop: it then gives its task back."""

    api: ApiClient
    name: WorkerId
    argv: Sequence[str]
    output: Output
    lease_seconds: int
    wait_seconds: int
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until it is told to stop.

        Raises:
            Refused: If the API does not want this worker.
        """
        self._say(None, "ready", f"waits for tasks at {self.api.base_url}")
        pause = _PAUSE
        while not self.stopping.is_set():
            try:
                self.once()
                pause = _PAUSE
            except ApiUnavailable as away:
                self._say(None, "waiting", str(away))
                self.stopping.wait(max(pause, away.after))
                pause = min(pause * 2, _LONGEST_PAUSE)
        self._say(None, "stopped", "gave back what it held")

    def once(self) -> AttemptOutcome | None:
        """Claim and do one task; None if there was none.

        Raises:
            Refused: It failed.
            Away: It failed.
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
        self._say(task.id, "claimed", f"{task.title} ({attempt})")
        if self.stopping.is_set():
            after = self.api.release(task.id, self._return(held))
            return self._over(task.id, AttemptOutcome.RELEASED, after.status)
        teller = self._teller(task.id, held)
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
            return self._over(task.id, _ENDS[stop], stop)
        teller.flush(min(time.monotonic() + _LAST_WORDS, keeper.expires_at))
        return self._settle(task.id, held, running, until=keeper.expires_at)

    def _teller(self, task: TaskId, held: LeaseRequest) -> LogUploader:
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
            self._say(task.id, "output", line)
            teller.add(line)

        try:
            return start_command(self.argv, task, said)
        except CommandError as failure:
            self.api.release(task.id, self._return(held, str(failure)))
            raise

    def _watch(self, running: RunningCommand, keeper: LeaseRenewer) -> StopReason | None:
        """Wait for the command's end; why it must not be waited for, if so."""
        while running.ended() is None and not self.stopping.is_set():
            stop = keeper.must_stop()
            if stop:
                return stop
            time.sleep(_LOOK)
        running.finish()
        return None

    def _settle(
        self, task: TaskId, held: LeaseRequest, running: RunningCommand, *, until: float
    ) -> AttemptOutcome:
        """Report how the command ended, until somebody hears it or the lease is over."""
        end, tell = self._word(task, held, running)
        pause = _PAUSE
        while True:
            try:
                after = tell()
                return self._over(task, end, after.status)
            except ApiError as refused:
                return self._over(task, AttemptOutcome.LOST, str(refused))
            except ApiUnavailable as away:
                rest = max(pause, away.after)
                if time.monotonic() + rest >= until:
                    return self._over(task, AttemptOutcome.LOST, str(away))
            time.sleep(rest)
            pause *= 2

    def _word(
        self, task: TaskId, held: LeaseRequest, running: RunningCommand
    ) -> tuple[AttemptOutcome, Callable[[], TaskView]]:
        """Return how the command ended, and how to say so."""
        lease = held.model_dump()
        code, tail = running.ended(), running.tail
        said = redacted(tail)
        if self.stopping.is_set() and code != 0:
            return AttemptOutcome.RELEASED, lambda: self.api.release(task, self._return(held))
        if code == 0:
            result = TaskResult(summary=said[-_SUMMARY:], masked=said != tail)
            done = CompleteRequest(**lease, result=result)
            return AttemptOutcome.SUCCEEDED, lambda: self.api.complete(task, done)
        reason = f"the command ended with {code}"
        failed = FailRequest(**lease, reason=f"{reason}: {said}"[:_REASON] if said else reason)
        return AttemptOutcome.FAILED, lambda: self.api.fail(task, failed)

    def _return(self, held: LeaseRequest, reason: str = "") -> ReleaseRequest:
        why = reason or f"worker {self.name} was stopped"
        return ReleaseRequest(**held.model_dump(), reason=why[:_REASON])

    def _over(self, task: TaskId, end: AttemptOutcome, text: str) -> AttemptOutcome:
        self._say(task, end, text)
        return end

    def _say(self, task: TaskId | None, what: str, text: str) -> None:
        now = datetime.now(UTC)
        happening = WorkerEvent(at=now, worker=self.name, task_id=task, what=what, text=text)
        words = (f"{now:%H:%M:%S}", task or self.name, what, text)
        self.output.line(happening, "  ".join(words))
