"""Claim a task: receive a message from the queues and take a lease on its task.

The message is hidden for as long as the lease lasts, so the task of a worker that dies returns by
itself. A usual lease is written within the time for which its message was received.
"""

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta
from itertools import takewhile
from math import ceil
from time import sleep
from typing import TYPE_CHECKING, Final, cast

from signalbox.models.errors import Conflict, NotFound, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ids import WorkerId, random_lease_id
from signalbox.models.lifecycle import holder_until, lease_ended, leased
from signalbox.models.rate_limits import ConcurrencyLimits
from signalbox.models.task import QUEUE_ACTOR, Lease, Priority, Task, TaskStatus
from signalbox.services.ports.tasks import QueueMessage, TaskQueue, TaskStore
from signalbox.services.ports.time import Clock, Sleep

if TYPE_CHECKING:
    from signalbox.services.tasks.slots import TaskSlots

_WEIGHTS: Final = {Priority.HIGH: 16, Priority.NORMAL: 4, Priority.LOW: 1}
_RECEIVE_SECONDS: Final = 60
"""For how long a message is hidden until its lease is written, or if it could not be written.

A crash in between does not hide it for hours, and an outage of the table does not use up its
receives.
"""

_MAX_VISIBILITY_SECONDS: Final = 43_200 - _RECEIVE_SECONDS
"""SQS hides a message for twelve hours from its receive and refuses to hide it for longer.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

_USUAL_LEASE_SECONDS: Final = 300
"""Up to this length a message is received for as long as the lease, which saves a request.

A crash in between is noticed as that of a worker with a new lease.
"""

_LONG_POLL_SECONDS: Final = 1
_EMPTY_FOR: Final = timedelta(seconds=1)
"""For how long a queue that was empty is polled after the others: a poll in vain is billed too."""

_MAX_RECEIVES: Final = 20
_GRACE: Final = timedelta(seconds=5)
"""For how long after its deadline a claim may continue; API Gateway answers after 30 seconds."""


@frozen
class ClaimTask:
    """Claim the next task for a worker. `paused` returns the queues that hand out nothing.

    `limits` are those of tasks that run at once; `slots` is made when a task is under one.
    """

    tasks: TaskStore
    queue: TaskQueue
    clock: Clock
    random: random.Random
    paused: Callable[[], Collection[Priority]] = frozenset
    sleep: Sleep = sleep
    limits: Callable[[], ConcurrencyLimits] = ConcurrencyLimits
    slots: "Callable[[], TaskSlots] | None" = None
    _found_empty: dict[Priority, datetime] = field(default_factory=dict)

    def __call__(self, worker: WorkerId, *, lease_seconds: int, wait_seconds: int) -> Task | None:
        """Return a claimed task, or None if no task was found in time.

        High goes before normal and normal before low, but sometimes another order is drawn, so that
        a full queue of high tasks does not starve the others.

        Raises:
            Unavailable: The queues or the table did not answer.
        """
        deadline = self.clock() + timedelta(seconds=wait_seconds)
        receives = 0
        while self.clock() < deadline or (
            receives < _MAX_RECEIVES and self.clock() < deadline + _GRACE
        ):
            receives += 1
            message = self._next(deadline, _receive_seconds(lease_seconds))
            if message is None:
                return None
            try:
                task = self._lease(message, worker, lease_seconds)
            except Unavailable:
                with suppress(Unavailable):
                    self.queue.hide(message.queue, message.receipt, _RECEIVE_SECONDS)
                raise
            if task is None:
                continue
            if _receive_seconds(lease_seconds) != lease_seconds:
                # the task is held all the same: its message would be hidden when it comes back
                with suppress(Unavailable):
                    self._hide(message, timedelta(seconds=lease_seconds))
            return task
        return None

    def order(self) -> list[Priority]:
        """Return the order in which the queues are polled, drawn by weight, without paused ones."""
        paused = self.paused()
        weights = {each: weight for each, weight in _WEIGHTS.items() if each not in paused}
        order = []
        while weights:
            priority = self.random.choices(list(weights), list(weights.values()))[0]
            order.append(priority)
            del weights[priority]
        return order

    def _next(self, deadline: datetime, hidden: int) -> QueueMessage | None:
        for priority, wait in self._polls(deadline):
            message = self.queue.receive(priority, hidden=hidden, wait=wait)
            if message:
                return message
            self._found_empty[priority] = self.clock()
        return None

    def _polls(self, deadline: datetime) -> Iterator[tuple[Priority, int]]:
        """Yield which queue to poll and for how long.

        All at once, then in turns until the deadline.
        """
        yield from ((priority, 0) for priority in sorted(self.order(), key=self._was_empty))
        while (remaining := (deadline - self.clock()).total_seconds()) > 0:
            order = self.order()
            if not order:
                # a worker that was answered at once would ask again at once
                self.sleep(min(remaining, _LONG_POLL_SECONDS))
            for priority in order:
                if self.clock() < deadline:
                    yield priority, _LONG_POLL_SECONDS

    def _was_empty(self, priority: Priority) -> bool:
        """Return whether the queue was empty a moment ago: those that may have work go first."""
        found_at = self._found_empty.get(priority)
        return found_at is not None and self.clock() - found_at < _EMPTY_FOR

    def _lease(self, message: QueueMessage, worker: WorkerId, lease_seconds: int) -> Task | None:
        """Return the task of this message with a lease, or None if it cannot be leased now."""
        now = self.clock()
        lease = Lease(
            id=random_lease_id(),
            worker=worker,
            expires_at=now + timedelta(seconds=lease_seconds),
            queue=message.queue,
            message=message.message,
            receipt=message.receipt,
        )
        try:
            before = self.tasks.get(message.task)
            if before.status is TaskStatus.PENDING and before.priority is not message.queue:
                # its priority was changed, and with it the queue that its message stands in
                self.queue.delete(message.queue, message.receipt)
                return None
            after = leased(before, lease, now)
            if self._is_limited(before):
                return self._lease_slot(before, lease, message)
            self.tasks.replace(before, after)
        except NotFound:
            self.queue.delete(message.queue, message.receipt)
            return None
        except Conflict:
            # losing a race here costs nothing: the message comes back and is looked at again
            with suppress(Conflict, NotFound):
                self._set_aside(message, now)
            return None
        return after

    def _is_limited(self, task: Task) -> bool:
        """Return whether the task may be under a limit of tasks that run at once."""
        in_group = task.relations is not None and task.relations.group is not None
        waits = in_group or task.limited_by is not None
        return self.slots is not None and (waits or task.kind in self.limits().kinds)

    def _lease_slot(self, task: Task, lease: Lease, message: QueueMessage) -> Task | None:
        """Return the task with a lease and a slot, or let it wait for one and return None.

        Raises:
            Conflict: The task has changed.
        """
        from signalbox.models.slots import slot_limits, with_slots  # noqa: PLC0415  few are limited

        slots, now = cast("Callable[[], TaskSlots]", self.slots)(), self.clock()
        limits = slot_limits(task, self.limits())
        # whoever looks at the slot takes a task that waits for it for one without
        task = slots.unpark(task) if task.limited_by else task
        full = slots.take(task, limits)
        try:
            if full is None:
                after = with_slots(leased(task, lease, now), limits)
                self.tasks.replace(task, after)
                return after
            if task.status is TaskStatus.RUNNING:
                self.tasks.replace(task, lease_ended(task, now, by=QUEUE_ACTOR))
            elif not slots.park(task, full):
                self._hide(message, timedelta())
                return None
        except Conflict:
            slots.give_back(limits)
            raise
        slots.give_back(takewhile(lambda slot: slot != full, limits))
        self.queue.delete(message.queue, message.receipt)
        return None

    def _set_aside(self, message: QueueMessage, now: datetime) -> None:
        """Delete the message of a task that needs none, or hide it until the task needs it."""
        task = self.tasks.get(message.task)
        leased_until = holder_until(task, now)
        if leased_until and task.lease and task.lease.message == message.message:
            self._hide(message, leased_until - now)
        elif leased_until or task.finished or task.waits_for:
            # a task that waits for others gets a message when they have ended
            self.queue.delete(message.queue, message.receipt)
        elif task.status is TaskStatus.RUNNING and task.attempt >= task.max_attempts:
            self.tasks.replace(task, lease_ended(task, now, by=QUEUE_ACTOR))
            self.queue.delete(message.queue, message.receipt)
        else:
            self._hide(message, max((task.not_before or now) - now, timedelta()))

    def _hide(self, message: QueueMessage, span: timedelta) -> None:
        seconds = min(ceil(span.total_seconds()), _MAX_VISIBILITY_SECONDS)
        self.queue.hide(message.queue, message.receipt, seconds)


def _receive_seconds(lease_seconds: int) -> int:
    """Return for how long a message is hidden when it is received for such a lease."""
    return lease_seconds if lease_seconds <= _USUAL_LEASE_SECONDS else _RECEIVE_SECONDS
