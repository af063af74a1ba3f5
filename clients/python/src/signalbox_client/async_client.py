"""A client of the API for asyncio."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar, Unpack
from uuid import uuid4

from signalbox_client import operations
from signalbox_client.async_connection import AsyncConnection
from signalbox_client.bodies import (
    ClaimBody,
    DeliveryFilters,
    ResultFields,
    TaskEdit,
    TaskFields,
    TaskFilters,
)
from signalbox_client.log_stream import STREAM_SECONDS, LogStream
from signalbox_client.models import (
    Cancellation,
    ClaimedTask,
    Delivery,
    DeliverySummary,
    Dependents,
    EndedTask,
    Heartbeat,
    Lease,
    LogLine,
    LogRoom,
    Priority,
    QueuePause,
    QueueStatus,
    Replay,
    Task,
    TaskChange,
    TaskSummary,
    Timeline,
)
from signalbox_client.models.pages import Page
from signalbox_client.polling import Polls

T = TypeVar("T")


class AsyncClient(AsyncConnection):
    """A client of the API of Signalbox for asyncio, with the methods of `Client`.

    Every method raises `ApiError`, `Unreachable` or `UnexpectedResponse`. Methods of a worker need
    the scope `tasks:work`; `AsyncWorker` calls them for you.
    """

    async def create_task(
        self, title: str, *, idempotency_key: str | None = None, **fields: Unpack[TaskFields]
    ) -> Task:
        """Create a task, or return the one that was created with this idempotency key.

        Without a key a random one is sent, so that the request can be repeated.
        """
        key = idempotency_key or str(uuid4())
        return await self.send(operations.create_task(title, key, fields))

    async def get_task(self, task_id: str) -> Task:
        """Return a task."""
        return await self.send(operations.get_task(task_id))

    async def list_tasks(
        self, *, limit: int | None = None, **filters: Unpack[TaskFilters]
    ) -> AsyncIterator[TaskSummary]:
        """Yield the newest matching tasks, all or at most `limit`, page by page."""
        async for task in self._listed(operations.list_tasks(filters), limit):
            yield task

    async def update_task(self, task_id: str, *, version: int, **changes: Unpack[TaskEdit]) -> Task:
        """Update a task if it still has this version.

        Raises:
            PreconditionFailed: It has changed.
        """
        return await self.send(operations.update_task(task_id, version, changes))

    async def cancel_task(self, task_id: str, *, reason: str | None = None) -> Task:
        """Cancel a task. Its worker learns it at its next heartbeat."""
        return await self.send(operations.cancel_task(task_id, reason))

    async def cancel_subtree(self, task_id: str, *, reason: str | None = None) -> Cancellation:
        """Cancel a task and all tasks that wait for it, directly or not, many at once."""
        return await self.send(operations.cancel_subtree(task_id, reason))

    async def retry_task(self, task_id: str) -> Task:
        """Retry a task that has failed or was cancelled."""
        return await self.send(operations.retry_task(task_id))

    async def approve_task(self, task_id: str) -> Task:
        """Let a task run that awaits approval."""
        return await self.send(operations.approve_task(task_id))

    async def reject_task(self, task_id: str, *, reason: str | None = None) -> Task:
        """Cancel a task that awaits approval."""
        return await self.send(operations.reject_task(task_id, reason))

    async def task_history(self, task_id: str) -> tuple[TaskChange, ...]:
        """Return the changes of a task, the oldest first."""
        return (await self.send(operations.task_history(task_id))).items

    async def list_dependents(self, task_id: str) -> Dependents:
        """Return the first 20 tasks that wait for a task, and whether there may be `more`."""
        return await self.send(operations.list_dependents(task_id))

    async def wait_for_task(self, task_id: str, *, timeout: float | None = None) -> Task:  # noqa: ASYNC109  over several requests
        """Return the task when it has finished, whether it succeeded or not.

        Args:
            task_id: The task.
            timeout: Seconds, None for ever.

        Raises:
            WaitTimeout: It did not finish in time.
        """
        polls = Polls(task_id, timeout)
        while True:
            task = await self.get_task(task_id)
            if task.finished:
                return task
            await self._sleep(polls.pause())

    async def claim_task(
        self, worker: str, *, lease_seconds: int = 60, wait_seconds: int = 0
    ) -> ClaimedTask | None:
        """Claim the next task, or return None if there is none after `wait_seconds` (up to 20)."""
        return ClaimedTask.of(
            await self.send(operations.claim_task(worker, lease_seconds, wait_seconds))
        )

    async def heartbeat(
        self,
        task_id: str,
        lease: Lease,
        *,
        lease_seconds: int = 60,
        progress: str | None = None,
    ) -> Heartbeat:
        """Extend a lease by this many seconds from now, and return whether to continue.

        Raises:
            LeaseLost: It is not the current lease.
        """
        operation = operations.heartbeat(task_id, lease, lease_seconds, progress)
        return await self.send(operation)

    async def append_log(
        self, task_id: str, lease: Lease, lines: Sequence[str], *, first: int
    ) -> LogRoom:
        """Append up to 500 lines to the log; `first` is the number of the first under this lease.

        Lines are numbered from 1 without gaps. Sending them again changes nothing.
        """
        return await self.send(operations.append_log(task_id, lease, lines, first))

    async def complete_task(
        self,
        task_id: str,
        lease: Lease,
        *,
        claim: ClaimBody | None = None,
        **result: Unpack[ResultFields],
    ) -> EndedTask:
        """Complete a task. Repeating it under the same lease changes nothing.

        With `claim`, here and in the two methods below, the next task is claimed as well, once
        this end is stored: the members are the arguments of `claim_task`. `next` of the response is
        None if there is no task, if the claim failed, or if this repeats a request.
        """
        operation = operations.complete_task(task_id, lease, result).claiming(claim)
        return await self.send(operation)

    async def fail_task(
        self,
        task_id: str,
        lease: Lease,
        reason: str,
        *,
        retryable: bool = True,
        claim: ClaimBody | None = None,
    ) -> EndedTask:
        """Fail the attempt; `retryable` states whether another one can succeed."""
        operation = operations.fail_task(task_id, lease, reason, retryable=retryable)
        return await self.send(operation.claiming(claim))

    async def release_task(
        self,
        task_id: str,
        lease: Lease,
        *,
        reason: str | None = None,
        claim: ClaimBody | None = None,
    ) -> EndedTask:
        """Return a task to its queue without counting the attempt."""
        operation = operations.release_task(task_id, lease, reason)
        return await self.send(operation.claiming(claim))

    async def read_log(self, task_id: str, *, after: int = 0) -> AsyncIterator[LogLine]:
        """Yield the lines that the log has now, after this position."""
        place: int | None = after
        while place is not None:
            page = await self.send(operations.read_log(task_id, place))
            for line in page.items:
                yield line
            place = page.next

    async def follow_log(self, task_id: str) -> AsyncIterator[LogLine]:
        """Yield the lines as they arrive, until the task has finished."""
        stream = LogStream()
        while not stream.ended:
            operation = operations.follow_log(task_id, stream.last_id, STREAM_SECONDS)
            response = await self._exchange(operation)
            for line in stream.read(response.text):
                yield line
            if not stream.ended:
                await self._sleep(stream.pause)

    async def list_deliveries(
        self, *, limit: int | None = None, **filters: Unpack[DeliveryFilters]
    ) -> AsyncIterator[DeliverySummary]:
        """Yield the newest matching deliveries, all or at most `limit`, page by page."""
        async for delivery in self._listed(operations.list_deliveries(filters), limit):
            yield delivery

    async def get_delivery(self, delivery_id: str) -> Delivery:
        """Return a delivery, with its body as far as it may be shown."""
        return await self.send(operations.get_delivery(delivery_id))

    async def get_delivery_body(self, delivery_id: str) -> bytes:
        """Return the body of a delivery byte for byte. Needs the scope `deliveries:body`."""
        return (await self.send(operations.get_delivery_body(delivery_id))).decoded

    async def explain_delivery(self, delivery_id: str) -> Timeline:
        """Return what happened because of a delivery, and what did not and why."""
        return await self.send(operations.explain_delivery(delivery_id))

    async def replay_delivery(self, delivery_id: str, *, dry_run: bool = False) -> Replay:
        """Interpret a stored delivery again, and create the tasks that are missing."""
        return await self.send(operations.replay_delivery(delivery_id, dry_run=dry_run))

    async def list_queues(self) -> tuple[QueueStatus, ...]:
        """Return the status of all queues, the most urgent first."""
        return (await self.send(operations.list_queues())).queues

    async def pause_queue(self, priority: Priority, *, reason: str | None = None) -> QueuePause:
        """Pause a queue: it accepts tasks and hands none out."""
        return await self.send(operations.pause_queue(priority, reason))

    async def resume_queue(self, priority: Priority) -> QueuePause:
        """Resume a queue."""
        return await self.send(operations.resume_queue(priority))

    async def _listed(
        self, operation: operations.Operation[Page[T]], limit: int | None
    ) -> AsyncIterator[T]:
        left = limit
        while left is None or left > 0:
            page = await self.send(operation)
            for item in page.items[:left]:
                yield item
            left = left if left is None else left - len(page.items)
            if page.next is None:
                return
            operation = operation.page(page.next)
