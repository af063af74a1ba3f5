from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from itertools import permutations
from random import Random

import pytest

from signalbox.models.errors import Unavailable
from signalbox.models.ids import WorkerId
from signalbox.models.lifecycle import cancelled
from signalbox.models.task import Priority, Task
from signalbox.services.ports.tasks import QueueMessage
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.leases import MAX_LEASE_SECONDS
from tests.builders import NOW, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeTaskQueue
from tests.fakes.tasks import FakeTaskStore

ME = WorkerId("me")


class _Queue(FakeTaskQueue):
    """Lets the time pass that somebody waits in vain, and that each answer `takes`."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._time = clock
        self.takes = 0
        self.polled: list[Priority] = []
        self.hidden: list[int] = []

    def hide(self, priority: Priority, receipt: str, seconds: int) -> None:
        self.hidden.append(seconds)
        super().hide(priority, receipt, seconds)

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        self.polled.append(priority)
        self._time.advance(seconds=self.takes)
        found = super().receive(priority, hidden=hidden, wait=wait)
        if found is None:
            self._time.advance(seconds=wait)
        return found


class _Tasks(FakeTaskStore):
    """Lets the time pass that each write `takes`."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._time = clock
        self.takes = 0

    def replace(self, before: Task, after: Task) -> None:
        self._time.advance(seconds=self.takes)
        super().replace(before, after)


class _Box:
    """Queues, tasks and who claims from them; pauses are what the test says at each time."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.queue = _Queue(self.clock)
        self.tasks = _Tasks(self.clock)
        self.claim = ClaimTask(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            random=Random(7),
            paused=self._paused,
            sleep=self._sleep,
        )
        self.paused_after: timedelta | None = None

    def send(self, *tasks: Task) -> None:
        for task in tasks:
            self.tasks.create(task)
            self.queue.send(task.priority, [task.id])

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    def _paused(self) -> Collection[Priority]:
        paused = self.paused_after is not None and self.clock() >= NOW + self.paused_after
        return set(Priority) if paused else ()


def test_a_claim_that_waits_is_not_ended_by_messages_that_are_of_no_use() -> None:
    box = _Box()
    useless = [cancelled(a_task(), None, NOW, by="me") for _ in range(25)]
    expected = a_task()
    for task in (*useless, expected):
        box.tasks.create(task)
        box.queue.send(Priority.NORMAL, [task.id])

    taken = box.claim(ME, lease_seconds=60, wait_seconds=20)

    assert taken is not None
    assert taken.id == expected.id


def test_a_pause_is_heard_of_while_somebody_waits() -> None:
    box = _Box()
    box.paused_after = timedelta(seconds=5)
    task = a_task()
    box.tasks.create(task)
    box.queue.send(task.priority, [task.id])
    box.queue.messages[task.priority][0].visible_at = NOW + timedelta(seconds=10)

    taken = box.claim(ME, lease_seconds=60, wait_seconds=20)

    assert taken is None
    assert box.clock() >= NOW + timedelta(seconds=20)


def test_queues_are_polled_in_an_order_drawn_by_their_weights() -> None:
    box, times = _Box(), 4_200

    drawn = Counter(tuple(box.claim.order()) for _ in range(times))

    weights = {Priority.HIGH: 16, Priority.NORMAL: 4, Priority.LOW: 1}
    for order in permutations(weights):
        first, second, third = (weights[priority] for priority in order)
        expected = times * first / sum(weights.values()) * second / (second + third)
        assert abs(drawn[order] - expected) < 4 * expected**0.5


def test_a_claim_ends_soon_after_its_time_however_much_is_of_no_use() -> None:
    box = _Box()
    for task in [cancelled(a_task(), None, NOW, by="me") for _ in range(100)]:
        box.tasks.create(task)
        box.queue.send(Priority.NORMAL, [task.id])
    box.queue.takes = 3

    taken = box.claim(ME, lease_seconds=60, wait_seconds=10)

    assert taken is None
    assert box.clock() - NOW <= timedelta(seconds=20)


def test_the_message_of_a_usual_lease_is_received_for_as_long_as_the_lease() -> None:
    box = _Box()
    box.send(a_task())

    taken = box.claim(ME, lease_seconds=300, wait_seconds=0)

    assert taken
    assert taken.lease
    (message,) = box.queue.messages[Priority.NORMAL]
    assert message.visible_at == taken.lease.expires_at
    assert box.queue.hidden == []


def test_the_message_of_a_long_lease_is_hidden_after_its_lease_was_written() -> None:
    box = _Box()
    box.send(a_task())

    taken = box.claim(ME, lease_seconds=3_600, wait_seconds=0)

    assert taken
    assert taken.lease
    (message,) = box.queue.messages[Priority.NORMAL]
    assert message.visible_at == taken.lease.expires_at
    assert box.queue.hidden == [3_600]


def test_the_message_of_the_longest_lease_is_hidden_for_nearly_as_long() -> None:
    box = _Box()
    box.send(a_task())
    box.tasks.takes = 1

    taken = box.claim(ME, lease_seconds=MAX_LEASE_SECONDS, wait_seconds=0)

    assert taken
    assert taken.lease
    (message,) = box.queue.messages[Priority.NORMAL]
    assert timedelta() <= taken.lease.expires_at - message.visible_at <= timedelta(minutes=1)


def test_a_message_whose_lease_was_not_written_comes_back_in_a_minute() -> None:
    box = _Box()
    box.send(a_task())
    box.tasks.down = True
    with pytest.raises(Unavailable):
        box.claim(ME, lease_seconds=300, wait_seconds=0)
    box.tasks.down = False

    box.clock.advance(seconds=60)

    assert box.claim(ME, lease_seconds=300, wait_seconds=0)


def test_a_queue_that_was_empty_a_moment_ago_is_polled_after_the_others() -> None:
    box = _Box()
    box.send(*(a_task() for _ in range(20)))
    for _ in range(10):  # whatever order is drawn, all but one are soon known to be empty
        box.claim(ME, lease_seconds=60, wait_seconds=0)
    box.queue.polled.clear()

    for _ in range(10):
        box.claim(ME, lease_seconds=60, wait_seconds=0)

    assert box.queue.polled == [Priority.NORMAL] * 10


def test_a_task_of_high_priority_goes_first_again_within_a_second() -> None:
    box = _Box()
    box.send(*(a_task() for _ in range(30)))
    for _ in range(10):
        box.claim(ME, lease_seconds=60, wait_seconds=0)
    box.send(*(a_task(priority=Priority.HIGH) for _ in range(10)))
    box.clock.advance(seconds=1)

    taken = [box.claim(ME, lease_seconds=60, wait_seconds=0) for _ in range(12)]

    high = [each for each in taken if each and each.priority is Priority.HIGH]
    assert len(high) >= 8


def test_whoever_finds_a_queue_empty_polls_the_others_all_the_same() -> None:
    box = _Box()
    box.claim(ME, lease_seconds=60, wait_seconds=0)
    box.send(a_task(priority=Priority.LOW))

    taken = box.claim(ME, lease_seconds=60, wait_seconds=0)

    assert taken
