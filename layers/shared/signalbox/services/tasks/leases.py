"""What a worker does with a task under its lease. Only the current lease counts: its id and fence.

The table is the source of truth and is written first; the message follows. If the message cannot be
reached, it returns by itself, and whoever receives it reads the task as it is then.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from math import ceil
from random import Random
from typing import Final

from signalbox.models.errors import LeaseLost, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
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
    """What a worker has to do after a heartbeat."""

    CONTINUE = "continue"
    CANCEL = "cancel"


@frozen
class LeaseRef:
    """The lease of a worker, as its requests identify it."""

    task: TaskId
    lease: LeaseId
    fence: int


@frozen
class HeartbeatResult:
    """The result of a heartbeat."""

    word: HeartbeatAction
    task: Task


@frozen
class LeaseStep:
    """The task after a step under a lease. `repeated` states that the step was taken before."""

    task: Task
    repeated: bool


@frozen
class ManageLease:
    """Extend, complete, fail and release the lease of a worker.

    Each method raises NotFound, or LeaseLost if the lease is not the current one.
    """

    tasks: TaskStore
    queue: TaskQueue
    clock: Clock
    random: Random

    def heartbeat(
        self, lease_ref: LeaseRef, *, lease_seconds: int, progress: str | None = None
    ) -> HeartbeatResult:
        """Extend the lease from now and report whether to continue or to cancel.

        Its message is hidden for longer only where it would be seen before the next heartbeat. If
        none comes, who receives the message meanwhile hides it until the lease ends.
        """
        now = self.clock()
        until = now + timedelta(seconds=lease_seconds)
        task = self.tasks.get(lease_ref.task)
        if _cancelled(task, lease_ref):
            return HeartbeatResult(word=HeartbeatAction.CANCEL, task=task)
        after = self._step(
            lease_ref,
            lambda task: extended(task, lease_ref.lease, lease_ref.fence, until, progress, now),
            task,
        ).task
        if _lease(after).hidden_until is None:
            self._hide(after, lease_seconds)
        return HeartbeatResult(word=HeartbeatAction.CONTINUE, task=after)

    def complete(self, lease_ref: LeaseRef, result: TaskResult) -> LeaseStep:
        """Complete the task with a result."""
        end = self._step(
            lease_ref,
            lambda task: succeeded(task, lease_ref.lease, lease_ref.fence, result, self.clock()),
        )
        self._delete_message(end.task)
        return end

    def fail(self, lease_ref: LeaseRef, reason: str, *, retryable: bool) -> LeaseStep:
        """Fail this attempt. The task is retried later if that can help and attempts are left."""

        def step(task: Task) -> Task:
            now = self.clock()
            retry_at = now + self._pause(task.attempt) if retryable else None
            return attempt_failed(task, lease_ref.lease, lease_ref.fence, reason, retry_at, now)

        before = self.tasks.get(lease_ref.task)
        end = self._step(lease_ref, step, before)
        if end.task.finished:
            self._delete_message(end.task)
        elif before.lease:  # there is none where all this was said before
            wait = (end.task.not_before or self.clock()) - self.clock()
            seconds = max(0, ceil(wait.total_seconds()))
            self.queue.hide(before.lease.queue, before.lease.receipt, seconds)
        return end

    def release(self, lease_ref: LeaseRef, reason: str | None = None) -> LeaseStep:
        """Return the task to its queue without counting the attempt.

        It gets a new message, since the old one would become a dead letter after a thousand
        receives.
        """
        before = self.tasks.get(lease_ref.task)
        end = self._step(
            lease_ref,
            lambda task: released(task, lease_ref.lease, lease_ref.fence, reason, self.clock()),
            before,
        )
        if before.lease:
            self.queue.delete(before.lease.queue, before.lease.receipt)
        return end

    def _step(self, lease_ref: LeaseRef, step: Transition, before: Task | None = None) -> LeaseStep:
        """Take a step, again where somebody else took one meanwhile.

        Raises:
            Unavailable: A service that is needed did not answer.
        """
        for _ in range(_TRIES):
            task = before or self.tasks.get(lease_ref.task)
            after = step(task)
            if after is task:
                return LeaseStep(task=task, repeated=True)
            try:
                self.tasks.replace(task, after)
            except WriteConflict:
                before = None
            else:
                return LeaseStep(task=after, repeated=False)
        raise Unavailable("the task changes too fast")

    def _hide(self, task: Task, seconds: int) -> None:
        """Hide the message of a lease; if that fails, let the next heartbeat do it."""
        lease = _lease(task)
        try:
            self.queue.hide(lease.queue, lease.receipt, seconds)
        except Unavailable:
            seen = lease.model_copy(update={"hidden_until": self.clock()})
            with suppress(WriteConflict, Unavailable):
                self.tasks.replace(task, task.model_copy(update={"lease": seen}))
            raise

    def _delete_message(self, task: Task) -> None:
        lease = _lease(task)
        self.queue.delete(lease.queue, lease.receipt)

    def _pause(self, attempt: int) -> timedelta:
        """Full jitter: anything up to 10 s, 20 s, 40 s, … an hour."""
        return timedelta(
            seconds=self.random.uniform(1.0, min(_RETRY_CAP, _RETRY_BASE * 2 ** (attempt - 1)))
        )


def _cancelled(task: Task, lease_ref: LeaseRef) -> bool:
    return (
        task.status is TaskStatus.CANCELLED
        and task.lease is not None
        and task.lease.id == lease_ref.lease
        and task.fence == lease_ref.fence
    )


def _lease(task: Task) -> Lease:
    if task.lease is None:
        raise LeaseLost("nobody holds the task")
    return task.lease
