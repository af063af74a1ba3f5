"""A worker that runs a handler for each task, in threads."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from signalbox_client import operations
from signalbox_client.attempt import (
    OUTCOMES,
    Attempt,
    AttemptResult,
    HandlerResult,
    Outcome,
    Report,
    StopReason,
    TaskFailed,
    TaskReleased,
    report_failure,
    report_refused,
    report_release,
    report_result,
)
from signalbox_client.bodies import ClaimBody
from signalbox_client.client import Client
from signalbox_client.errors import InvalidRequest, SignalboxError
from signalbox_client.keeper import UNAVAILABLE, Keeper, Step
from signalbox_client.models import ClaimedTask
from signalbox_client.pacing import Pacing, WorkerOptions
from signalbox_client.signals import on_signals

T = TypeVar("T")

_logger: Final = logging.getLogger("signalbox_client")
_SLICE_SECONDS: Final = 0.5
"""After how long a stop is noticed at the latest."""


class Worker:
    """Claims tasks and runs a handler for each, at most `concurrency` at a time.

    The handler runs in a thread of its own. What it returns completes the task: a text is the
    summary, a mapping the fields of the result. `TaskFailed` fails the attempt and `TaskReleased`
    returns the task. After any other exception the attempt fails with the type of the exception,
    which is logged here. When the task is cancelled or the lease is lost, `Attempt.stop_reason` is
    set and nothing is sent any more. What ends a task also claims the next one.
    """

    def __init__(
        self,
        client: Client,
        handler: Callable[[Attempt], HandlerResult],
        *,
        name: str | None = None,
        options: WorkerOptions | None = None,
    ) -> None:
        """Create a worker.

        Args:
            client: The API.
            handler: What works on a task.
            name: The name of the worker, by default that of the machine.
            options: Leases, pauses and concurrency.
        """
        self._client = client
        self._handler = handler
        self._name = name or socket.gethostname()
        self._options = options or WorkerOptions()
        self._slots = threading.Semaphore(self._options.concurrency)
        self._is_running = False
        self._stopping = False  # no Event: a handler of signals must not take its lock
        self._grace_ends = float("inf")
        self._open: set[threading.Event] = set()

    def stop(self) -> None:
        """Claim no more tasks, and return those that do not end within the grace period."""
        if not self._stopping:
            self._grace_ends = time.monotonic() + self._options.grace_seconds
            self._stopping = True

    def run(self) -> None:
        """Work until `stop`, SIGTERM or SIGINT.

        Raises:
            ApiError: The API refused a claim. Tasks that run end first.
        """
        pacing = Pacing()
        self._is_running = True
        with on_signals(self.stop):
            try:
                while not self._stopping:
                    if self._slots.acquire(timeout=_SLICE_SECONDS):
                        self._rest(self._next(pacing))
            finally:
                self.stop()
                self._drain()

    def run_once(self) -> Outcome | None:
        """Claim and work on one task, and return the outcome; None if there was none.

        Raises:
            ApiError: The API refused the claim.
            Unreachable: The API did not answer.
        """
        claimed = self._claim()
        return self._work(claimed).outcome if claimed else None

    def _rest(self, seconds: float) -> None:
        """Wait, at most until the worker stops."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE_SECONDS))

    def _next(self, pacing: Pacing) -> float:
        """Claim a task and start its thread, and return the seconds until the next claim."""
        started = time.monotonic()
        claimed = None
        try:
            claimed = None if self._stopping else self._claim()
        except UNAVAILABLE as error:
            _logger.warning("claim: %s", error)
            return pacing.failed(error)
        finally:
            if claimed is None:
                self._slots.release()
        if claimed is None:
            return pacing.empty(time.monotonic() - started)
        ended = threading.Event()
        self._open.add(ended)
        thread = threading.Thread(target=self._thread, args=(claimed, ended), daemon=True)
        thread.start()
        return pacing.claimed()

    def _claim(self) -> ClaimedTask | None:
        options = self._options
        operation = operations.claim_task(self._name, options.lease_seconds, options.wait_seconds)
        return ClaimedTask.of(self._client.send(operation.once()))

    def _next_claim(self) -> ClaimBody | None:
        """Return the claim of the end of a task, None if the worker takes no more tasks.

        It does not wait: the outcome is reported at once, and one claim waits for all threads.
        """
        if not self._is_running or self._stopping:
            return None
        return ClaimBody(worker=self._name, lease_seconds=self._options.lease_seconds)

    def _thread(self, claimed: ClaimedTask, ended: threading.Event) -> None:
        current: ClaimedTask | None = claimed
        try:
            while current:
                task = current.task
                current = self._work(current).next
        except SignalboxError:
            _logger.exception("%s is left to the end of its lease", task.id)
        finally:
            ended.set()
            self._open.discard(ended)
            self._slots.release()

    def _drain(self) -> None:
        """Wait for the attempts that run, a little longer than their grace period."""
        until = self._grace_ends + self._options.release_seconds
        for ended in self._open.copy():
            ended.wait(max(0.0, until - time.monotonic()))

    def _work(self, claimed: ClaimedTask) -> AttemptResult:
        attempt = Attempt(claimed)
        keeper = Keeper(attempt, self._options)
        done = threading.Event()
        if self._stopping:
            return self._settle(keeper, report_release(attempt, StopReason.STOPPING))
        keeping = threading.Thread(target=self._keep, args=(attempt, keeper, done), daemon=True)
        keeping.start()
        try:
            report = self._handle(attempt)
        except KeyboardInterrupt:
            done.set()
            if attempt.stop(StopReason.STOPPING):
                self._settle(keeper, report_release(attempt, StopReason.STOPPING))
            raise
        counts = attempt.end()
        done.set()
        keeping.join()
        if counts:
            self._flush(keeper)
            result = self._settle_valid(attempt, keeper, report)
        else:
            result = AttemptResult(outcome=OUTCOMES[attempt.stop_reason or StopReason.LOST])
        _logger.info("%s: %s", attempt.task.id, result.outcome)
        return result

    def _handle(self, attempt: Attempt) -> Report:
        try:
            return report_result(attempt, self._handler(attempt))
        except (TaskFailed, TaskReleased) as failure:
            return report_failure(attempt, failure)
        except (Exception, SystemExit) as failure:  # whatever it is, the attempt has failed
            if not attempt.stop_reason:
                _logger.exception("the handler failed for %s", attempt.task.id)
            return report_failure(attempt, failure)

    def _keep(self, attempt: Attempt, keeper: Keeper, done: threading.Event) -> None:
        """Send what is due, every second, until the handler has ended or must stop."""
        try:
            while attempt.stop_reason is None and not done.wait(self._options.tick_seconds):
                self._send_due(keeper)
                if time.monotonic() >= self._grace_ends and attempt.stop(StopReason.STOPPING):
                    self._settle(keeper, report_release(attempt, StopReason.STOPPING))
        except Exception:
            _logger.exception("the lease of %s is not extended any more", attempt.task.id)
            attempt.stop(StopReason.UNHEARD)

    def _send_due(self, keeper: Keeper) -> None:
        """Send a heartbeat if it is due, and the lines that wait as long as none is."""
        lines_are_accepted = True
        while keeper.may_continue():
            if beat := keeper.heartbeat_step():
                self._perform(beat)
            elif lines_are_accepted and (lines := keeper.log_step()):
                lines_are_accepted = self._perform(lines)
            else:
                return

    def _perform(self, step: Step[T]) -> bool:
        try:
            response = self._client.send(step.operation)
        except SignalboxError as error:
            step.refuse(error)
            return False
        step.accept(response)
        return True

    def _flush(self, keeper: Keeper) -> None:
        """Send the rest of the log, while it works."""
        while step := keeper.log_step():
            if not self._perform(step):
                return

    def _settle_valid(self, attempt: Attempt, keeper: Keeper, report: Report) -> AttemptResult:
        """Send a report; if the result is not accepted, fail the attempt."""
        try:
            return self._settle(keeper, report)
        except (InvalidRequest, TypeError, ValueError) as error:
            _logger.warning("the result of %s is refused: %s", attempt.task.id, error)
            return self._settle(keeper, report_refused(attempt, error))

    def _settle(self, keeper: Keeper, report: Report) -> AttemptResult:
        """Send a report until the API accepts it or the lease is over, and return the result."""
        pacing = Pacing()
        operation = report.operation.once(keeper.timeout)
        while True:
            try:
                ended = self._client.send(operation.claiming(self._next_claim()))
            except UNAVAILABLE as error:
                pause = pacing.failed(error)
                if time.monotonic() + pause >= keeper.expires_at:
                    return AttemptResult(outcome=Outcome.LOST)
            except InvalidRequest:
                raise
            except SignalboxError as error:
                _logger.warning("the report is refused: %s", error)
                return AttemptResult(outcome=Outcome.LOST)
            else:
                return AttemptResult(outcome=report.outcome, next=ended.next)
            time.sleep(pause)
