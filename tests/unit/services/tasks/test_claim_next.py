from dataclasses import dataclass, field
from random import Random

import pytest

from signalbox.models.errors import LeaseLost, Unavailable
from signalbox.models.ids import LeaseId, TaskId, WorkerId
from signalbox.models.task import Priority, Task, TaskResult, TaskStatus
from signalbox.services.ports.tasks import QueueMessage
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.claim_next import ClaimNext
from signalbox.services.tasks.leases import LeaseRef, LeaseStep, ManageLease
from tests.builders import a_task
from tests.fakes.clock import FakeClock
from tests.fakes.queues import FakeTaskQueue
from tests.fakes.tasks import FakeTaskStore

ENDS = pytest.mark.parametrize("end", ["complete", "fail", "fail for good", "release"])


class _Queue(FakeTaskQueue):
    """A queue whose receives raise what it `raises`."""

    raises: Exception | None = None

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        if self.raises:
            raise self.raises
        return super().receive(priority, hidden=hidden, wait=wait)


@dataclass
class Work:
    """Two tasks, the first of which a worker holds."""

    clock: FakeClock = field(default_factory=FakeClock)
    failures: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = _Queue(self.clock)
        self.tasks = FakeTaskStore(*(a_task(id=TaskId("tsk_" + x * 24)) for x in "ab"))
        self.queue.send(Priority.NORMAL, [TaskId("tsk_" + "a" * 24)])
        self.claim = ClaimTask(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            random=Random(7),
            sleep=self.clock.sleep,
        )
        self.leases = ManageLease(
            tasks=self.tasks, queue=self.queue, clock=self.clock, random=Random(7)
        )
        self.claim_next = ClaimNext(claim=self.claim, failed=self.failures.append)
        held = self.claim(WorkerId("w1"), lease_seconds=60, wait_seconds=0)
        assert held
        assert held.lease
        self.held = LeaseRef(task=held.id, lease=held.lease.id, fence=held.fence)
        self.queue.send(Priority.NORMAL, [TaskId("tsk_" + "b" * 24)])

    def end(self, how: str = "complete", lease: LeaseRef | None = None) -> LeaseStep:
        held = lease or self.held
        match how:
            case "complete":
                return self.leases.complete(held, TaskResult(summary="done"))
            case "release":
                return self.leases.release(held)
            case _:
                return self.leases.fail(held, "broken", retryable=how == "fail")

    def next(self, end: LeaseStep, wait_seconds: int = 0) -> Task | None:
        return self.claim_next(end, WorkerId("w1"), lease_seconds=60, wait_seconds=wait_seconds)

    @property
    def running(self) -> list[TaskId]:
        tasks = self.tasks.kept.values()
        return [task.id for task in tasks if task.status is TaskStatus.RUNNING]


@ENDS
def test_the_next_task_is_claimed_after_each_end(end: str) -> None:
    work = Work()

    task = work.next(work.end(end))

    assert task
    assert work.running == [task.id] == ["tsk_" + "b" * 24]


@ENDS
def test_an_end_that_is_repeated_claims_nothing(end: str) -> None:
    work = Work()
    work.end(end)

    repetition = work.end(end)

    assert repetition.repeated
    assert work.next(repetition) is None
    assert work.running == []
    assert len(work.queue.messages[Priority.NORMAL]) >= 1, "the next task waits for a claim"


@pytest.mark.parametrize("error", [Unavailable("queue"), ValueError("not a message")])
def test_a_claim_that_fails_is_reported_and_the_end_counts(error: Exception) -> None:
    work = Work()
    end = work.end()
    work.queue.raises = error

    task = work.next(end)

    assert (task, work.failures) == (None, [error])
    assert work.tasks.get(work.held.task).status is TaskStatus.SUCCEEDED


def test_there_may_be_no_next_task() -> None:
    work = Work()
    work.queue.messages[Priority.NORMAL].pop()

    assert work.next(work.end()) is None
    assert work.failures == []


def test_a_claim_waits_for_a_task_while_the_end_is_stored() -> None:
    work = Work()
    work.queue.messages[Priority.NORMAL].pop()
    end = work.end()
    seen: list[TaskStatus] = []
    receive = work.queue.receive

    def slow(priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        seen.append(work.tasks.get(work.held.task).status)
        work.clock.advance(seconds=wait)
        return receive(priority, hidden=hidden, wait=wait)

    work.queue.receive = slow  # type: ignore[method-assign]

    assert work.next(end, wait_seconds=5) is None
    assert set(seen) == {TaskStatus.SUCCEEDED}
    assert len(seen) > 3


@ENDS
def test_an_end_that_is_refused_claims_nothing(end: str) -> None:
    work = Work()
    other = LeaseRef(task=work.held.task, lease=LeaseId("lse_other"), fence=1)

    with pytest.raises(LeaseLost):
        work.next(work.end(end, other))

    assert work.running == [work.held.task]
