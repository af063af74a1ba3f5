from collections.abc import Collection
from datetime import timedelta
from random import Random

from signalbox.models.ids import WorkerId
from signalbox.models.lifecycle import cancelled
from signalbox.models.task import Priority
from signalbox.services.ports.tasks import QueueMessage
from signalbox.services.tasks.claim import ClaimTask
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

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        self._time.advance(seconds=self.takes)
        found = super().receive(priority, hidden=hidden, wait=wait)
        if found is None:
            self._time.advance(seconds=wait)
        return found


class _Box:
    """Queues, tasks and who claims from them; pauses are what the test says at each time."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.queue = _Queue(self.clock)
        self.tasks = FakeTaskStore()
        self.claim = ClaimTask(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            random=Random(7),
            paused=self._paused,
            sleep=self._sleep,
        )
        self.paused_after: timedelta | None = None

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


def test_a_claim_ends_soon_after_its_time_however_much_is_of_no_use() -> None:
    box = _Box()
    for task in [cancelled(a_task(), None, NOW, by="me") for _ in range(100)]:
        box.tasks.create(task)
        box.queue.send(Priority.NORMAL, [task.id])
    box.queue.takes = 3

    taken = box.claim(ME, lease_seconds=60, wait_seconds=10)

    assert taken is None
    assert box.clock() - NOW <= timedelta(seconds=20)
