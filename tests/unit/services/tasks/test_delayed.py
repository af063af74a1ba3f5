"""Tasks that may start only at a time."""

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.errors import Unavailable
from signalbox.models.ids import WorkerId
from signalbox.models.principal import Principal
from signalbox.models.start_time import StartTooLate
from signalbox.models.task import Priority, Task, TaskStatus
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.create import CreateTask, CreateTaskRequest
from signalbox.services.tasks.dependencies import AwaitTasks
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from signalbox.services.tasks.update import CancelTask, UpdateTask, UpdateTaskRequest
from tests.builders import NOW, STACK
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.dependents import FakeDependents
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CALLER = Principal(name="key:ci", scopes=frozenset())


class System:
    """What creates, dispatches, reconciles and claims tasks, around stores in memory."""

    def __init__(self, *, idle: bool = True) -> None:
        self.clock = FakeClock()
        self.tasks, notifications = FakeTaskStore(), FakeNotificationStore()
        self.queue, notices = FakeTaskQueue(self.clock), FakeNotices("slack")
        self.dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            is_idle=lambda _: idle,
            notify=NotifyChanges(
                notifications=notifications,
                notification_queue=notices,
                config=FakeConfigStore(),
                stack=STACK,
                clock=self.clock,
            ),
        )
        self.claim_task = ClaimTask(
            tasks=self.tasks, queue=self.queue, clock=self.clock, random=Random(1)
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(self.tasks, notifications),
            tasks=self.tasks,
            notifications=notifications,
            notification_queue=notices,
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(1),
        )

    def create(self, not_before: datetime | None, *, is_dispatched: bool = True) -> Task:
        """Create a task and dispatch it, as the stream does."""
        wait = AwaitTasks(tasks=self.tasks, index=FakeDependents())
        create = CreateTask(
            tasks=self.tasks,
            clock=self.clock,
            retention=timedelta(days=1),
            wait=wait,
        )
        task, _ = create(CreateTaskRequest(title="Later", not_before=not_before), CALLER)
        if is_dispatched:
            self.dispatch(task, task.history)
        return task

    def claim(self) -> Task | None:
        return self.claim_task(WorkerId("agent-1"), lease_seconds=60, wait_seconds=0)

    def claimed_after(self, limit: timedelta) -> timedelta | None:
        """How long it takes until a worker gets the task, with maintenance every minute."""
        begin = self.clock()
        while self.clock() - begin <= limit:
            self.reconcile(lambda: 60.0)
            for _ in range(6):
                if self.claim():
                    return self.clock() - begin
                self.clock.advance(seconds=10)
        return None

    def messages(self) -> int:
        return len(self.queue.messages[Priority.NORMAL])


@pytest.mark.parametrize("delay", [MINUTE, 14 * MINUTE, 16 * MINUTE, 3 * HOUR])
@pytest.mark.parametrize("idle", [True, False])
@pytest.mark.parametrize("is_dispatched", [True, False])
def test_a_task_is_claimed_at_its_time_and_within_a_minute(
    delay: timedelta, *, idle: bool, is_dispatched: bool
) -> None:
    system = System(idle=idle)
    system.create(NOW + delay, is_dispatched=is_dispatched)

    waited = system.claimed_after(delay + 10 * MINUTE)

    assert waited is not None
    late = 3 * MINUTE if delay == MINUTE and not is_dispatched else MINUTE
    assert delay <= waited <= delay + late


@given(seconds=st.integers(1, 100_000), idle=st.booleans(), is_dispatched=st.booleans())
def test_a_delayed_task_has_one_message_which_is_visible_at_its_time(
    seconds: int, *, idle: bool, is_dispatched: bool
) -> None:
    system = System(idle=idle)
    task = system.create(NOW + timedelta(seconds=seconds), is_dispatched=is_dispatched)

    while system.clock() < NOW + timedelta(seconds=seconds) + MINUTE:
        system.clock.advance(system_step(system, task))
        system.reconcile(lambda: 60.0)

    visible = [message.visible_at for message in system.queue.messages[Priority.NORMAL]]
    assert len(visible) <= 1
    assert all(at - NOW >= timedelta(seconds=seconds) for at in visible)
    assert visible or (not is_dispatched and seconds < 120)


def system_step(system: System, task: Task) -> timedelta:
    """A minute, or hours while the task waits for its time."""
    left = task.start_delay(system.clock())
    return max(MINUTE, min(timedelta(hours=20), left - 17 * MINUTE))


def test_no_message_is_sent_long_before_the_time_of_a_task() -> None:
    system = System()

    task = system.create(NOW + HOUR)

    stored = system.tasks.get(task.id)
    assert (system.messages(), stored.sent_at, stored.dispatched) == (0, None, 1)
    assert system.claim() is None


def test_a_task_whose_message_could_not_be_sent_gets_one_from_maintenance() -> None:
    system = System()
    system.queue.down = True
    with pytest.raises(Unavailable):
        system.create(NOW + 5 * MINUTE)
    system.queue.down = False

    waited = system.claimed_after(10 * MINUTE)

    assert waited is not None
    assert 5 * MINUTE <= waited <= 6 * MINUTE


def test_a_time_that_has_passed_delays_nothing() -> None:
    system = System()

    task = system.create(NOW - MINUTE)

    assert task.not_before is None
    assert system.claim() is not None


def test_a_task_may_wait_for_a_year_and_no_longer() -> None:
    system = System()

    task = system.create(NOW + timedelta(days=366))

    assert task.not_before == NOW + timedelta(days=366)
    with pytest.raises(StartTooLate):
        system.create(NOW + timedelta(days=366, seconds=1))


def test_a_delayed_task_that_is_cancelled_is_never_claimed() -> None:
    system = System()
    task = system.create(NOW + 5 * MINUTE)

    CancelTask(tasks=system.tasks, clock=system.clock)(task.id, None, by="ci")

    assert system.claimed_after(10 * MINUTE) is None
    assert system.tasks.get(task.id).status is TaskStatus.CANCELLED


def test_an_edit_of_a_delayed_task_neither_delays_nor_repeats_it() -> None:
    system = System(idle=False)
    task = system.create(NOW + 5 * MINUTE)
    update = UpdateTask(tasks=system.tasks, clock=system.clock)
    system.clock.advance(MINUTE)

    edited = update(task.id, UpdateTaskRequest(title="Other").over, None, by="ci")
    system.dispatch(edited, [edited.last_step])

    assert edited.sent_at == NOW + 5 * MINUTE
    assert system.messages() == 1


def test_a_delayed_task_with_another_priority_waits_in_the_other_queue() -> None:
    system = System()
    task = system.create(NOW + 5 * MINUTE)
    update = UpdateTask(tasks=system.tasks, clock=system.clock)

    edited = update(task.id, UpdateTaskRequest(priority=Priority.HIGH).over, None, by="ci")
    system.dispatch(edited, [edited.last_step])

    (message,) = system.queue.messages[Priority.HIGH]
    assert message.visible_at == NOW + 5 * MINUTE


def test_a_delayed_task_does_not_count_as_waiting_until_its_time() -> None:
    system = System()
    measure = MeasureBacklog(queue=system.queue, tasks=system.tasks, clock=system.clock)
    system.create(NOW + HOUR)
    system.clock.advance(MINUTE)
    before = measure.oldest()
    system.create(None)
    system.clock.advance(HOUR)

    assert before == {}
    assert measure.oldest() == {Priority.NORMAL: 3_600}
