"""A worker asks for work: a message from the queues, and a lease on its task.

The message is hidden for as long as the lease lasts, so the task of a worker that dies comes back
by itself.
"""

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from time import sleep
from typing import Final

from signalbox.models.errors import Conflict, NotFound, Unavailable
from signalbox.models.ids import WorkerId, random_lease_id
from signalbox.models.lifecycle import holder_until, lease_ended, leased
from signalbox.models.task import QUEUE_ACTOR, Lease, Priority, Task, TaskStatus
from signalbox.services.ports.tasks import QueueMessage, TaskQueue, TaskStore
from signalbox.services.ports.time import Clock, Sleep

_WEIGHTS: Final = {Priority.HIGH: 16, Priority.NORMAL: 4, Priority.LOW: 1}
_HIDDEN_AT_MOST: Final = 43_200
_RECEIVED_FOR: Final = 60
"""How long a message is hidden until its lease is written: no crash hides it for hours, and while
the table does not answer it is not received so often that it is given up."""

_LONG_POLL: Final = 1
_TRIES: Final = 20
_LATE: Final = timedelta(seconds=5)
"""How long after its time a claim may look on; API Gateway answers for us after 30 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTask:
    """Gives the next task to a worker. `paused` says which queues nothing is given from."""

    tasks: TaskStore
    queue: TaskQueue
    clock: Clock
    random: random.Random
    paused: Callable[[], Collection[Priority]] = frozenset
    sleep: Sleep = sleep

    def __call__(self, worker: WorkerId, *, lease_seconds: int, wait_seconds: int) -> Task | None:
        """The task in the worker's hands, or None after waiting in vain.

        High goes before normal and normal before low, but now and then another order is drawn, so
        that a full queue of high tasks does not starve the others. Raises Unavailable.
        """
        deadline = self.clock() + timedelta(seconds=wait_seconds)
        tries = 0
        while self.clock() < deadline or (tries < _TRIES and self.clock() < deadline + _LATE):
            tries += 1
            waiting = self._next(deadline)
            if waiting is None:
                return None
            task = self._lease(waiting, worker, lease_seconds)
            if task is None:
                continue
            if lease_seconds != _RECEIVED_FOR:
                # the task is held all the same: its message would be hidden when it comes back
                with suppress(Unavailable):
                    self.queue.hide(waiting.queue, waiting.receipt, lease_seconds)
            return task
        return None

    def order(self) -> list[Priority]:
        """The order in which the queues are asked, drawn by weight, without those paused."""
        paused = self.paused()
        left = {each: weight for each, weight in _WEIGHTS.items() if each not in paused}
        order = []
        while left:
            drawn = self.random.choices(list(left), list(left.values()))[0]
            order.append(drawn)
            del left[drawn]
        return order

    def _next(self, deadline: datetime) -> QueueMessage | None:
        for priority, wait in self._polls(deadline):
            waiting = self.queue.receive(priority, hidden=_RECEIVED_FOR, wait=wait)
            if waiting:
                return waiting
        return None

    def _polls(self, deadline: datetime) -> Iterator[tuple[Priority, int]]:
        """Which queue to ask for how long: all at once, then each in turn until the deadline."""
        yield from ((priority, 0) for priority in self.order())
        while (left := (deadline - self.clock()).total_seconds()) > 0:
            order = self.order()
            if not order:
                # a worker that was answered at once would ask again at once
                self.sleep(min(left, _LONG_POLL))
            for priority in order:
                if self.clock() < deadline:
                    yield priority, _LONG_POLL

    def _lease(self, waiting: QueueMessage, worker: WorkerId, lease_seconds: int) -> Task | None:
        """The task of this message, None where the message is of no use now."""
        now = self.clock()
        lease = Lease(
            id=random_lease_id(),
            worker=worker,
            expires_at=now + timedelta(seconds=lease_seconds),
            queue=waiting.queue,
            message=waiting.message,
            receipt=waiting.receipt,
        )
        try:
            before = self.tasks.get(waiting.task)
            if before.status is TaskStatus.PENDING and before.priority is not waiting.queue:
                # its priority was changed, and with it the queue that its message stands in
                self.queue.delete(waiting.queue, waiting.receipt)
                return None
            after = leased(before, lease, now)
            self.tasks.replace(before, after)
        except NotFound:
            self.queue.delete(waiting.queue, waiting.receipt)
            return None
        except Conflict:
            # losing a race here costs nothing: the message comes back and is looked at again
            with suppress(Conflict, NotFound):
                self._set_aside(waiting, now)
            return None
        return after

    def _set_aside(self, waiting: QueueMessage, now: datetime) -> None:
        """Drops the message of a task that needs none, hides that of one that needs it later."""
        task = self.tasks.get(waiting.task)
        held = holder_until(task, now)
        if held and task.lease and task.lease.message == waiting.message:
            self._hide(waiting, held - now)
        elif held or task.finished:
            self.queue.delete(waiting.queue, waiting.receipt)
        elif task.status is TaskStatus.RUNNING and task.attempt >= task.max_attempts:
            self.tasks.replace(task, lease_ended(task, now, by=QUEUE_ACTOR))
            self.queue.delete(waiting.queue, waiting.receipt)
        else:
            self._hide(waiting, max((task.not_before or now) - now, timedelta()))

    def _hide(self, waiting: QueueMessage, span: timedelta) -> None:
        seconds = min(ceil(span.total_seconds()), _HIDDEN_AT_MOST)
        self.queue.hide(waiting.queue, waiting.receipt, seconds)
