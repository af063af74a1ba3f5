"""One attempt of a claimed task: run something under its lease, and report the outcome."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel

from cli.api_client import ApiClient, ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.output import Output
from cli.work.lease import LeaseRenewer, StopReason, response_timeout
from cli.work.log_upload import LogUploader
from cli.work.running import (
    AttemptOutcome,
    AttemptReport,
    AttemptResult,
    RunningAttempt,
    StartAttempt,
)
from cli.work.signals import StopFlag
from cli.work.spans import attempt_span
from signalbox.http.schemas.logs import AppendLogRequest, AppendLogResponse, LogLineInput
from signalbox.http.schemas.work import (
    ClaimedTask,
    ClaimRequest,
    CompleteRequest,
    EndLeaseResponse,
    FailRequest,
    LeaseRequest,
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
_FLUSH_SECONDS: Final = 5.0

_EndRequest = CompleteRequest | FailRequest | ReleaseRequest

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
class AttemptRunner:
    """Runs attempts of a worker. It releases a task when `stopping` is set.

    `beat_seconds` is the longest time between two heartbeats. `lossless` is for output that waits
    when it cannot be sent. `program` is what runs, as spans name it.
    """

    api: ApiClient
    name: WorkerId
    output: Output
    lease_seconds: int
    stopping: StopFlag = field(default_factory=StopFlag)
    beat_seconds: float | None = None
    lossless: bool = False
    program: str = "attempt"

    def run(
        self,
        task: TaskView,
        held: LeaseRequest,
        start: StartAttempt,
        *,
        claims_next: bool = False,
    ) -> AttemptResult:
        """Run one attempt under a lease that was claimed or extended just now.

        With `claims_next` the report of its outcome claims another task, unless the worker stops.

        Raises:
            ApiError: The API refused to take back what could not be started.
            ApiUnavailable: The API did not answer then.
            CommandError: It cannot be started.
        """
        with attempt_span(self.program, task, self.name) as span:
            result = self._run(task, held, start, claims_next=claims_next)
            span.attributes["signalbox.outcome"] = result.outcome
            if result.outcome in {AttemptOutcome.FAILED, AttemptOutcome.LOST}:
                span.error = result.outcome
            return result

    def _run(
        self, task: TaskView, held: LeaseRequest, start: StartAttempt, *, claims_next: bool
    ) -> AttemptResult:
        since = time.monotonic()
        if self.stopping.is_set():
            after = self.api.release(task.id, self._return(held))
            return self._finish(task.id, AttemptOutcome.RELEASED, after.status)
        uploader = self._uploader(task.id, held)
        running = self._start(task, held, uploader, start)
        keeper = LeaseRenewer(
            api=self.api,
            task=task.id,
            lease=held,
            seconds=self.lease_seconds,
            since=since,
            progress=lambda: redacted(running.last_line),
            pause=self._pause(),
        )
        left = False
        try:
            with keeper, uploader:
                stop = self._watch(running, keeper)
            left = stop is None and running.survives and running.ended() is None
        finally:
            if not left:
                running.stop()
        if stop:
            running.discard()
            return self._finish(task.id, _ENDS[stop], stop)
        uploader.flush(min(time.monotonic() + _FLUSH_SECONDS, keeper.expires_at))
        if left:
            return self._leave(task.id, keeper)
        report, until = running.ended(), keeper.expires_at
        result = self._settle(task.id, held, report, until=until, claims_next=claims_next)
        running.discard()
        return result

    def print(self, task: TaskId | None, what: str, text: str) -> None:
        """Print an event of the worker."""
        now = datetime.now(UTC)
        event = WorkerEvent(at=now, worker=self.name, task_id=task, what=what, text=text)
        words = (f"{now:%H:%M:%S}", task or self.name, what, text)
        self.output.line(event, "  ".join(words))

    def _pause(self) -> float | None:
        third = self.lease_seconds / 3
        return min(third, self.beat_seconds) if self.beat_seconds else None

    def _uploader(self, task: TaskId, held: LeaseRequest) -> LogUploader:
        timeout = response_timeout(self.lease_seconds)

        def append(first: int, lines: Sequence[str]) -> AppendLogResponse:
            numbered = tuple(
                LogLineInput(seq=seq, text=text) for seq, text in enumerate(lines, first)
            )
            return self.api.append(
                task, AppendLogRequest(**held.model_dump(), lines=numbered), timeout
            )

        return LogUploader(append=append, lossless=self.lossless)

    def _start(
        self, task: TaskView, held: LeaseRequest, uploader: LogUploader, start: StartAttempt
    ) -> RunningAttempt:
        def add_line(line: str) -> None:
            self.print(task.id, "output", line)
            uploader.add(line)

        try:
            return start(task, held, add_line)
        except CommandError as failure:
            self.api.release(task.id, self._return(held, redacted(str(failure))))
            raise

    def _watch(self, running: RunningAttempt, keeper: LeaseRenewer) -> StopReason | None:
        """Wait for the end of what runs, and return why it must be stopped, if so."""
        while running.ended() is None and not self.stopping.is_set():
            stop = keeper.must_stop()
            if stop:
                return stop
            time.sleep(_POLL_SECONDS)
        running.finish()
        return None

    def _leave(self, task: TaskId, keeper: LeaseRenewer) -> AttemptResult:
        """Extend the lease once more for whoever adopts what runs."""
        with suppress(CommandError):
            keeper.beat()
        return self._finish(task, AttemptOutcome.LEFT, "runs on without this worker")

    def _settle(
        self,
        task: TaskId,
        held: LeaseRequest,
        report: AttemptReport | None,
        *,
        until: float,
        claims_next: bool,
    ) -> AttemptResult:
        """Report the outcome until the API accepts it or the lease is over."""
        outcome, request = self._request(held, report)
        pause = _FIRST_PAUSE
        while True:
            try:
                after = self._end(task, request, claims_next=claims_next)
                return self._finish(task, outcome, after.status, after.next)
            except ApiError as refused:
                return self._finish(task, AttemptOutcome.LOST, str(refused))
            except ApiUnavailable as away:
                rest = max(pause, away.after)
                if time.monotonic() + rest >= until:
                    return self._finish(task, AttemptOutcome.LOST, str(away))
            time.sleep(rest)
            pause *= 2

    def _end(self, task: TaskId, request: _EndRequest, *, claims_next: bool) -> EndLeaseResponse:
        """Send a report. Its claim does not wait, so that the outcome is known at once."""
        if claims_next and not self.stopping.is_set():
            claim = ClaimRequest(worker=self.name, lease_seconds=self.lease_seconds)
            request = request.model_copy(update={"claim": claim})
        match request:
            case CompleteRequest():
                return self.api.complete(task, request)
            case FailRequest():
                return self.api.fail(task, request)
            case ReleaseRequest():
                return self.api.release(task, request)

    def _request(
        self, held: LeaseRequest, report: AttemptReport | None
    ) -> tuple[AttemptOutcome, _EndRequest]:
        """Return the outcome, and the request that reports it."""
        lease = held.model_dump()
        succeeded = report is not None and report.outcome is AttemptOutcome.SUCCEEDED
        if report is None or (self.stopping.is_set() and not succeeded):
            return AttemptOutcome.RELEASED, self._return(held)
        output = redacted(report.output)
        if succeeded:
            result = TaskResult(summary=output[-_MAX_SUMMARY:], masked=output != report.output)
            return report.outcome, CompleteRequest(**lease, result=result)
        why = redacted(report.reason)
        reason = f"{why}: {output}" if output else why
        if report.outcome is AttemptOutcome.RELEASED:
            return report.outcome, self._return(held, reason)
        return AttemptOutcome.FAILED, FailRequest(**lease, reason=reason[:_MAX_REASON])

    def _return(self, held: LeaseRequest, reason: str = "") -> ReleaseRequest:
        why = reason or f"worker {self.name} was stopped"
        return ReleaseRequest(**held.model_dump(), reason=why[:_MAX_REASON])

    def _finish(
        self, task: TaskId, end: AttemptOutcome, text: str, following: ClaimedTask | None = None
    ) -> AttemptResult:
        self.print(task, end, text)
        return AttemptResult(outcome=end, next=following)
