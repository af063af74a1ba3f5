"""A worker that runs a handler for each task, for asyncio."""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from signalbox_client import operations
from signalbox_client.async_client import AsyncClient
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
from signalbox_client.errors import InvalidRequest, SignalboxError
from signalbox_client.keeper import UNAVAILABLE, Keeper, Step
from signalbox_client.models import ClaimedTask
from signalbox_client.pacing import Pacing, WorkerOptions
from signalbox_client.signals import on_signals

T = TypeVar("T")

_logger: Final = logging.getLogger("signalbox_client")


class AsyncWorker:
    """Claims tasks and runs a handler for each, at most `concurrency` at a time.

    It does what `Worker` does, in one event loop. When the task is cancelled or the lease is lost,
    the handler is cancelled, and `Attempt.stop_reason` is set.
    """

    def __init__(
        self,
        client: AsyncClient,
        handler: Callable[[Attempt], Awaitable[HandlerResult]],
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
        self._is_running = False
        self._stopping = asyncio.Event()
        self._grace_ends = float("inf")
        self._open: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Claim no more tasks, and return those that do not end within the grace period.

        Call it in the event loop of the worker.
        """
        if not self._stopping.is_set():
            self._grace_ends = time.monotonic() + self._options.grace_seconds
            self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`, SIGTERM or SIGINT. If it is cancelled, tasks return to their queue.

        Raises:
            ApiError: The API refused a claim. Tasks that run end first.
        """
        loop = asyncio.get_running_loop()
        self._is_running = True

        def stop() -> None:
            loop.call_soon_threadsafe(self.stop)

        with on_signals(stop):
            try:
                await self._run()
            except asyncio.CancelledError:
                self._grace_ends = 0.0
                self._stopping.set()
                raise
            finally:
                self.stop()
                await self._drain()

    async def run_once(self) -> Outcome | None:
        """Claim and work on one task, and return the outcome; None if there was none.

        Raises:
            ApiError: The API refused the claim.
            Unreachable: The API did not answer.
        """
        claimed = await self._claim()
        return (await self._work(claimed)).outcome if claimed else None

    async def _run(self) -> None:
        pacing = Pacing()
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                if len(self._open) < self._options.concurrency:
                    pause = await self._next(pacing)
                    await asyncio.wait({stopping}, timeout=pause)
                else:
                    await asyncio.wait({stopping, *self._open}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()

    async def _next(self, pacing: Pacing) -> float:
        """Claim a task and start to work on it, and return the seconds until the next claim."""
        started = time.monotonic()
        try:
            claimed = await self._claim()
        except UNAVAILABLE as error:
            _logger.warning("claim: %s", error)
            return pacing.failed(error)
        if claimed is None:
            return pacing.empty(time.monotonic() - started)
        working = asyncio.create_task(self._work_on(claimed))
        self._open.add(working)
        working.add_done_callback(self._closed)
        return pacing.claimed()

    def _closed(self, working: asyncio.Task[None]) -> None:
        self._open.discard(working)
        if not working.cancelled() and working.exception():
            _logger.error("a task is left to its lease", exc_info=working.exception())

    async def _claim(self) -> ClaimedTask | None:
        options = self._options
        operation = operations.claim_task(self._name, options.lease_seconds, options.wait_seconds)
        return ClaimedTask.of(await self._client.send(operation.once()))

    def _next_claim(self) -> ClaimBody | None:
        """Return the claim of the end of a task, None if the worker takes no more tasks.

        It does not wait: the outcome is reported at once, and one claim waits for all tasks.
        """
        if not self._is_running or self._stopping.is_set():
            return None
        return ClaimBody(worker=self._name, lease_seconds=self._options.lease_seconds)

    async def _drain(self) -> None:
        """Wait for the attempts that run, a little longer than their grace period."""
        until = self._grace_ends + self._options.release_seconds
        if self._open:
            await asyncio.wait(self._open, timeout=max(0.0, until - time.monotonic()))
        for working in self._open.copy():
            working.cancel()

    async def _work_on(self, claimed: ClaimedTask) -> None:
        """Work on a task, and on those that are claimed with its end and theirs."""
        current: ClaimedTask | None = claimed
        while current:
            current = (await self._work(current)).next

    async def _work(self, claimed: ClaimedTask) -> AttemptResult:
        attempt = Attempt(claimed)
        keeper = Keeper(attempt, self._options)
        if self._stopping.is_set():
            return await self._settle(keeper, report_release(attempt, StopReason.STOPPING))
        handling = asyncio.ensure_future(self._handler(attempt))
        keeping = asyncio.create_task(self._keep(attempt, keeper))
        try:
            await asyncio.wait({handling, keeping}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            attempt.stop(StopReason.STOPPING)
            await self._abandon(attempt, keeper, handling)
            raise
        finally:
            keeping.cancel()
        if not attempt.end():
            result = AttemptResult(outcome=await self._abandon(attempt, keeper, handling))
        else:
            report = _report_of(attempt, handling)
            await self._flush(keeper)
            result = await self._settle_valid(attempt, keeper, report)
        _logger.info("%s: %s", attempt.task.id, result.outcome)
        return result

    async def _abandon(
        self, attempt: Attempt, keeper: Keeper, handling: asyncio.Future[HandlerResult]
    ) -> Outcome:
        """Cancel the handler and wait for its end; return the task if the worker stops."""
        handling.cancel()
        if attempt.stop_reason is StopReason.STOPPING:
            await self._settle(keeper, report_release(attempt, StopReason.STOPPING))
        await asyncio.wait({handling})
        if not handling.cancelled() and handling.exception():
            _logger.info("%s: the handler failed while it stopped", attempt.task.id)
        return OUTCOMES[attempt.stop_reason or StopReason.LOST]

    async def _keep(self, attempt: Attempt, keeper: Keeper) -> None:
        """Send what is due, every second, until the handler must stop."""
        try:
            while attempt.stop_reason is None:
                await asyncio.sleep(self._options.tick_seconds)
                await self._send_due(keeper)
                if time.monotonic() >= self._grace_ends:
                    attempt.stop(StopReason.STOPPING)
        except Exception:
            _logger.exception("the lease of %s is not extended any more", attempt.task.id)
            attempt.stop(StopReason.UNHEARD)

    async def _send_due(self, keeper: Keeper) -> None:
        """Send a heartbeat if it is due, and the lines that wait as long as none is."""
        lines_are_accepted = True
        while keeper.may_continue():
            if beat := keeper.heartbeat_step():
                await self._perform(beat)
            elif lines_are_accepted and (lines := keeper.log_step()):
                lines_are_accepted = await self._perform(lines)
            else:
                return

    async def _perform(self, step: Step[T]) -> bool:
        try:
            response = await self._client.send(step.operation)
        except SignalboxError as error:
            step.refuse(error)
            return False
        step.accept(response)
        return True

    async def _flush(self, keeper: Keeper) -> None:
        """Send the rest of the log, while it works."""
        while step := keeper.log_step():
            if not await self._perform(step):
                return

    async def _settle_valid(
        self, attempt: Attempt, keeper: Keeper, report: Report
    ) -> AttemptResult:
        """Send a report; if the result is not accepted, fail the attempt."""
        try:
            return await self._settle(keeper, report)
        except (InvalidRequest, TypeError, ValueError) as error:
            _logger.warning("the result of %s is refused: %s", attempt.task.id, error)
            return await self._settle(keeper, report_refused(attempt, error))

    async def _settle(self, keeper: Keeper, report: Report) -> AttemptResult:
        """Send a report until the API accepts it or the lease is over, and return the result."""
        pacing = Pacing()
        operation = report.operation.once(keeper.timeout)
        while True:
            try:
                ended = await self._client.send(operation.claiming(self._next_claim()))
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
            await asyncio.sleep(pause)


def _report_of(attempt: Attempt, handling: asyncio.Future[HandlerResult]) -> Report:
    """Return the report of a handler that has ended."""
    if handling.cancelled():
        return report_failure(attempt, asyncio.CancelledError())
    failure = handling.exception()
    if failure is None:
        return report_result(attempt, handling.result())
    if not isinstance(failure, TaskFailed | TaskReleased):
        _logger.error("the handler failed for %s", attempt.task.id, exc_info=failure)
    return report_failure(attempt, failure)
