from datetime import timedelta
from random import Random

import pytest

from signalbox.models.errors import LeaseLost, Unavailable
from signalbox.models.task import ChangeType, Priority, Task
from signalbox.services.tasks.leases import LeaseRef, ManageLease
from tests.builders import a_lease, a_task, held
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeTaskQueue
from tests.fakes.tasks import FakeTaskStore


class Work:
    """One task that a worker holds, with its message."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = FakeClock()
        self.queue = FakeTaskQueue(self.clock)
        task = a_task()
        self.queue.send(Priority.NORMAL, [task.id])
        waiting = self.queue.receive(Priority.NORMAL, hidden=300, wait=0)
        assert waiting
        self.tasks = FakeTaskStore(held(task, receipt=waiting.receipt))
        self.held = LeaseRef(task=task.id, lease=a_lease().id, fence=1)
        self.hold = ManageLease(
            tasks=self.tasks, queue=self.queue, clock=self.clock, random=Random(seed)
        )

    @property
    def task(self) -> Task:
        return self.tasks.get(self.held.task)

    def fail(self) -> Task:
        return self.hold.fail(self.held, "it broke", retryable=True).task


@pytest.mark.parametrize("seed", range(5))
def test_a_message_comes_back_when_its_task_may_be_tried_again_and_not_before(seed: int) -> None:
    work = Work(seed)

    task = work.fail()

    (message,) = work.queue.messages[Priority.NORMAL]
    assert task.not_before
    assert timedelta() <= message.visible_at - task.not_before < timedelta(seconds=1)


@pytest.mark.parametrize("what", ["fail", "release"])
def test_what_was_said_before_its_answer_was_lost_may_be_said_again(what: str) -> None:
    work = Work()

    def say() -> Task:
        return work.fail() if what == "fail" else work.hold.release(work.held).task

    first = say()
    work.clock.advance(seconds=1)

    assert say() == say() == first == work.task
    assert first.last_step.type is (ChangeType.RETRYING if what == "fail" else ChangeType.RELEASED)


def test_only_the_same_may_be_said_again() -> None:
    work = Work()
    work.fail()
    other = LeaseRef(task=work.held.task, lease=a_lease(id="lse_two").id, fence=1)

    with pytest.raises(LeaseLost):
        work.hold.release(work.held)
    with pytest.raises(LeaseLost):
        work.hold.fail(work.held, "it broke", retryable=False)
    with pytest.raises(LeaseLost):
        work.hold.fail(other, "it broke", retryable=True)


def test_nothing_may_be_said_again_once_another_worker_had_the_task() -> None:
    work = Work()
    work.hold.release(work.held)
    after = held(work.task, id="lse_two")
    work.tasks.replace(work.task, after)

    with pytest.raises(LeaseLost):
        work.hold.release(work.held)


def beat(work: Work, *, after: int, lease_seconds: int = 300) -> int:
    """Send a heartbeat after a while; return in how many seconds its message is seen again."""
    work.clock.advance(seconds=after)
    work.hold.heartbeat(work.held, lease_seconds=lease_seconds)
    (message,) = work.queue.messages[Priority.NORMAL]
    return round((message.visible_at - work.clock()).total_seconds())


def test_a_message_is_hidden_for_longer_where_it_would_be_seen_before_the_next_heartbeat() -> None:
    work = Work()

    seen = [beat(work, after=100) for _ in range(5)]

    assert seen == [200, 300, 200, 300, 200]


@pytest.mark.parametrize(("after", "lease_seconds"), [(250, 300), (5, 60), (5, 3_600)])
def test_a_heartbeat_that_is_late_or_for_another_time_hides_the_message_at_once(
    after: int, lease_seconds: int
) -> None:
    work = Work()

    seen = beat(work, after=after, lease_seconds=lease_seconds)

    assert seen == lease_seconds


def test_a_worker_that_reports_each_second_may_be_silent_for_a_third_of_its_lease_at_any_time() -> (
    None
):
    work = Work()

    seen = [beat(work, after=1) for _ in range(600)]

    assert min(seen) >= 100


def test_a_heartbeat_after_one_whose_message_was_not_reached_hides_the_message() -> None:
    work = Work()
    work.clock.advance(seconds=250)
    work.queue.down = True
    with pytest.raises(Unavailable):
        work.hold.heartbeat(work.held, lease_seconds=300)
    work.queue.down = False

    assert beat(work, after=1) == 300


def test_a_message_is_never_hidden_for_longer_than_the_lease() -> None:
    work = Work()
    random = Random(3)

    for _ in range(200):
        lease_seconds = random.choice([60, 300, 900])
        seen = beat(work, after=random.randrange(1, 50), lease_seconds=lease_seconds)
        assert 0 < seen <= lease_seconds
