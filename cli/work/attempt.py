"""One attempt of a claimed task: run something under its lease, and report the outcome."""

import time
from collections.abc import Callable, Sequence
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
from cli.work.running import AttemptOutcome, AttemptReport, RunningAttempt, StartAttempt
from cli.work.signals import StopFlag
from cli.work.spans import attempt_span
from signalbox.http.schemas.logs import AppendLogRequest, AppendLogResponse, LogLineInput
from signalbox.http.schemas.work import (
    CompleteRequest,
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

    def run(self, task: TaskView, held: LeaseRequest, start: StartAttempt) -> AttemptOutcome:
        """Run one attempt under a lease that was claimed or extended just now.

        Raises:
            ApiError: The API refused to take back what could not be started.
            ApiUnavailable: The API did not answer then.
            CommandError: It cannot be started.
        """
        with attempt_span(self.program, task, self.name) as span:
            outcome = self._run(task, held, start)
            span.attributes["signalbox.outcome"] = outcome
            if outcome in {AttemptOutcome.FAILED, AttemptOutcome.LOST}:
                span.error = outcome
            return outcome

    def _run(self, task: TaskView, held: LeaseRequest, start: StartAttempt) -> AttemptOutcome:
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
        outcome = self._settle(task.id, held, running.ended(), until=keeper.expires_at)
        running.discard()
        return outcome

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

    def _leave(self, task: TaskId, keeper: LeaseRenewer) -> AttemptOutcome:
        """Extend the lease once more for whoever adopts what runs."""
        with suppress(CommandError):
            keeper.beat()
        return self._finish(task, AttemptOutcome.LEFT, "runs on without this worker")

    def _settle(
        self, task: TaskId, held: LeaseRequest, report: AttemptReport | None, *, until: float
    ) -> AttemptOutcome:
        """Report the outcome until the API accepts it or the lease is over."""
        outcome, send = self._request(task, held, report)
        pause = _FIRST_PAUSE
        while True:
            try:
                after = send()
                return self._finish(task, outcome, after.status)
            except ApiError as refused:
                return self._finish(task, AttemptOutcome.LOST, str(refused))
            except ApiUnavailable as away:
                rest = max(pause, away.after)
                if time.monotonic() + rest >= until:
                    return self._finish(task, AttemptOutcome.LOST, str(away))
            time.sleep(rest)
            pause *= 2

    def _request(
        self, task: TaskId, held: LeaseRequest, report: AttemptReport | None
    ) -> tuple[AttemptOutcome, Callable[[], TaskView]]:
        """Return the outcome, and the request that reports it."""
        lease = held.model_dump()
        succeeded = report is not None and report.outcome is AttemptOutcome.SUCCEEDED
        if report is None or (self.stopping.is_set() and not succeeded):
            return AttemptOutcome.RELEASED, lambda: self.api.release(task, self._return(held))
        output = redacted(report.output)
        if succeeded:
            result = TaskResult(summary=output[-_MAX_SUMMARY:], masked=output != report.output)
            done = CompleteRequest(**lease, result=result)
            return report.outcome, lambda: self.api.complete(task, done)
        why = redacted(report.reason)
        reason = f"{why}: {output}" if output else why
        if report.outcome is AttemptOutcome.RELEASED:
            back = self._return(held, reason)
            return report.outcome, lambda: self.api.release(task, back)
        failed = FailRequest(**lease, reason=reason[:_MAX_REASON])
        return AttemptOutcome.FAILED, lambda: self.api.fail(task, failed)

    def _return(self, held: LeaseRequest, reason: str = "") -> ReleaseRequest:
        why = reason or f"worker {self.name} was stopped"
        return ReleaseRequest(**held.model_dump(), reason=why[:_MAX_REASON])

    def _finish(self, task: TaskId, end: AttemptOutcome, text: str) -> AttemptOutcome:
        self.print(task, end, text)
        return end
