"""What a worker does with the task it holds. Only the current lease counts: its id and its fence.

The table is the truth and is written first; the message follows. Where the message is not reached,
it comes back by itself, finds the task as it is now and does no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import ceil
from random import Random
from typing import Final

from signalbox.models.errors import LeaseLost, Unavailable, WriteConflict
from signalbox.models.ids import LeaseId, TaskId
from signalbox.models.lifecycle import attempt_failed, extended, released, succeeded
from signalbox.models.task import Lease, Task, TaskResult, TaskStatus
from signalbox.services.ports.tasks import TaskQueue, TaskStore
from signalbox.services.ports.time import Clock

MAX_LEASE_SECONDS: Final = 43_200
_RETRY_BASE: Final = 10.0
_RETRY_CAP: Final = 3_600.0
_TRIES: Final = 10

Transition = Callable[[Task], Task]


class HeartbeatAction(StrEnum):
    """What a worker is told to do."""

    CONTINUE = "continue"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRef:
    """How a worker names the task it holds."""

    task: TaskId
    lease: LeaseId
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatResult:
    """The answer to a heartbeat."""

    word: HeartbeatAction
    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageLease:
    """A worker's steps. Each raises NotFound, LeaseLost where the lease is not the current one."""

    tasks: TaskStore
    queue: TaskQueue
    clock: Clock
    random: Random

    def heartbeat(
        self, held: LeaseRef, *, lease_seconds: int, progress: str | None = None
    ) -> HeartbeatResult:
        """Extends the lease from now, or tells that the task was cancelled."""
        until = self.clock() + timedelta(seconds=lease_seconds)
        task = self.tasks.get(held.task)
        if _cancelled(task, held):
            return HeartbeatResult(word=HeartbeatAction.CANCEL, task=task)
        after = self._step(
            held, lambda task: extended(task, held.lease, held.fence, until, progress), task
        )
        lease = _lease(after)
        self.queue.hide(lease.queue, lease.receipt, lease_seconds)
        return HeartbeatResult(word=HeartbeatAction.CONTINUE, task=after)

    def complete(self, held: LeaseRef, result: TaskResult) -> Task:
        """The task is done."""
        after = self._step(
            held, lambda task: succeeded(task, held.lease, held.fence, result, self.clock())
        )
        return self._without_message(after)

    def fail(self, held: LeaseRef, reason: str, *, retryable: bool) -> Task:
        """This attempt failed; where a retry may help and is left, the task waits for it."""

        def step(task: Task) -> Task:
            now = self.clock()
            retry_at = now + self._pause(task.attempt) if retryable else None
            return attempt_failed(task, held.lease, held.fence, reason, retry_at, now)

        before = self.tasks.get(held.task)
        after = self._step(held, step, before)
        if after.finished:
            return self._without_message(after)
        if before.lease:  # there is none where all this was said before
            waits = (after.not_before or self.clock()) - self.clock()
            seconds = max(0, ceil(waits.total_seconds()))
            self.queue.hide(before.lease.queue, before.lease.receipt, seconds)
        return after

    def release(self, held: LeaseRef, reason: str | None = None) -> Task:
        """The worker gives the task back; the attempt does not count.

        It gets a new message: the old one would come to its dead letters after a thousand times.
        """
        before = self.tasks.get(held.task)
        after = self._step(
            held, lambda task: released(task, held.lease, held.fence, reason, self.clock()), before
        )
        if before.lease:
            self.queue.delete(before.lease.queue, before.lease.receipt)
        return after

    def _step(self, held: LeaseRef, step: Transition, before: Task | None = None) -> Task:
        """Takes a step, again where somebody else took one meanwhile. Raises Unavailable."""
        for _ in range(_TRIES):
            task = before or self.tasks.get(held.task)
            after = step(task)
            if after is task:
                return task
            try:
                self.tasks.replace(task, after)
            except WriteConflict:
                before = None
            else:
                return after
        raise Unavailable("the task changes too fast")

    def _without_message(self, task: Task) -> Task:
        lease = _lease(task)
        self.queue.delete(lease.queue, lease.receipt)
        return task

    def _pause(self, attempt: int) -> timedelta:
        """Full jitter: anything up to 10 s, 20 s, 40 s, … an hour."""
        return timedelta(
            seconds=self.random.uniform(1.0, min(_RETRY_CAP, _RETRY_BASE * 2 ** (attempt - 1)))
        )


def _cancelled(task: Task, held: LeaseRef) -> bool:
    return (
        task.status is TaskStatus.CANCELLED
        and task.lease is not None
        and task.lease.id == held.lease
        and task.fence == held.fence
    )


def _lease(task: Task) -> Lease:
    if task.lease is None:
        raise LeaseLost("nobody holds the task")
    return task.lease
