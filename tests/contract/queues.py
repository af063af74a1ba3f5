"""What every task queue promises."""

from datetime import timedelta

import pytest

from signalbox.models.ids import TaskId
from signalbox.models.task import Priority
from signalbox.services.ports.tasks import QueueMessage, TaskQueue, TaskToSend
from tests.builders import a_task
from tests.fakes.clock import FakeClock

NORMAL = Priority.NORMAL


class TaskQueueContract:
    """Inherit and say what `queue` is, and its `clock`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def queue(self, clock: FakeClock) -> TaskQueue:
        raise NotImplementedError

    def test_a_message_is_received_from_the_queue_it_was_sent_to(self, queue: TaskQueue) -> None:
        task = a_task().id

        queue.send(Priority.HIGH, [task])

        assert _received(queue, Priority.NORMAL) is None
        assert _received(queue, Priority.LOW) is None
        assert _taken(queue, Priority.HIGH).task == task

    def test_a_delayed_message_is_received_when_its_delay_is_over(
        self, queue: TaskQueue, clock: FakeClock
    ) -> None:
        task = a_task().id
        queue.send(NORMAL, [task], delay=900)
        clock.advance(seconds=898)
        early = _received(queue)
        clock.advance(seconds=3)

        assert early is None
        assert _taken(queue).task == task

    @pytest.mark.parametrize("tenant", ["octo-org/railway", "ünï code " * 40, "", None])
    def test_messages_of_a_tenant_are_received_at_once_like_others(
        self, queue: TaskQueue, tenant: str | None
    ) -> None:
        tasks = {a_task().id for _ in range(3)}

        queue.send(NORMAL, sorted(tasks), tenant=tenant)

        assert {_taken(queue).task for _ in tasks} == tasks

    def test_a_batch_has_messages_with_delays_of_their_own(
        self, queue: TaskQueue, clock: FakeClock
    ) -> None:
        now, later = a_task().id, a_task().id

        queue.send_batch(NORMAL, [TaskToSend(task=later, delay=60), TaskToSend(task=now)])
        first, nothing = _received(queue), _received(queue)
        clock.advance(seconds=61)

        assert first
        assert first.task == now
        assert nothing is None
        assert _taken(queue).task == later

    def test_an_empty_queue_has_nothing(self, queue: TaskQueue) -> None:
        assert _received(queue) is None

    def test_nothing_is_sent_for_no_tasks(self, queue: TaskQueue) -> None:
        queue.send(NORMAL, [])

        assert _received(queue) is None

    def test_a_received_message_is_hidden_until_its_time_is_up(
        self, queue: TaskQueue, clock: FakeClock
    ) -> None:
        queue.send(NORMAL, [a_task().id])
        first = _taken(queue, hidden=60)
        clock.advance(seconds=59)
        early = _received(queue)
        clock.advance(seconds=2)
        late = _taken(queue)

        assert early is None
        assert (late.message, late.task) == (first.message, first.task)

    def test_a_deleted_message_never_comes_back(self, queue: TaskQueue, clock: FakeClock) -> None:
        queue.send(NORMAL, [a_task().id])

        queue.delete(NORMAL, _taken(queue).receipt)

        clock.advance(timedelta(hours=1))
        assert _received(queue) is None

    def test_a_message_is_hidden_for_longer_from_now(
        self, queue: TaskQueue, clock: FakeClock
    ) -> None:
        queue.send(NORMAL, [a_task().id])
        receipt = _taken(queue, hidden=60).receipt
        clock.advance(seconds=50)
        queue.hide(NORMAL, receipt, 60)
        clock.advance(seconds=59)
        early = _received(queue)
        clock.advance(seconds=2)

        assert early is None
        assert _received(queue) is not None

    def test_a_message_given_back_is_there_at_once(
        self, queue: TaskQueue, clock: FakeClock
    ) -> None:
        queue.send(NORMAL, [a_task().id])

        queue.hide(NORMAL, _taken(queue).receipt, 0)

        clock.advance(seconds=0.001)
        assert _received(queue) is not None

    def test_a_lost_receipt_is_no_matter(self, queue: TaskQueue) -> None:
        queue.send(NORMAL, [a_task().id])
        receipt = _taken(queue).receipt
        queue.delete(NORMAL, receipt)

        queue.delete(NORMAL, receipt)
        queue.hide(NORMAL, receipt, 10)
        queue.delete(NORMAL, "never-given")
        queue.hide(NORMAL, "never-given", 10)

        assert _received(queue) is None

    def test_many_messages_are_all_received_once(self, queue: TaskQueue) -> None:
        tasks = [a_task().id for _ in range(25)]

        queue.send(NORMAL, tasks)

        assert sorted(_drained(queue)) == sorted(tasks)

    def test_the_depth_counts_what_waits_and_what_is_held(self, queue: TaskQueue) -> None:
        queue.send(Priority.HIGH, [a_task().id for _ in range(3)])
        _taken(queue, Priority.HIGH)

        depths = {each.queue: (each.waiting, each.in_flight) for each in queue.depths()}

        assert [queue.waiting(each) for each in Priority] == [2, 0, 0]
        assert depths == {Priority.HIGH: (2, 1), Priority.NORMAL: (0, 0), Priority.LOW: (0, 0)}


def _received(
    queue: TaskQueue, priority: Priority = NORMAL, *, hidden: int = 30
) -> QueueMessage | None:
    return queue.receive(priority, hidden=hidden, wait=0)


def _taken(queue: TaskQueue, priority: Priority = NORMAL, *, hidden: int = 30) -> QueueMessage:
    message = _received(queue, priority, hidden=hidden)
    assert message is not None
    return message


def _drained(queue: TaskQueue) -> list[TaskId]:
    tasks = []
    while message := _received(queue):
        tasks.append(message.task)
    return tasks
