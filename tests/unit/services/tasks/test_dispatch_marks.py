"""Which tasks are marked when their message was sent, and what becomes of the others."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from signalbox.models.ids import SubscriptionId, WorkerId
from signalbox.models.lifecycle import extended, leased, succeeded
from signalbox.models.notification import Notification
from signalbox.models.task import Priority, Task, TaskResult, TaskStatus
from signalbox.services.queues.idle import IdleQueues
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue, ReconcileResult
from tests.builders import NOW, a_connection, a_lease, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore

MANY = 11


class CountingStore(FakeNotificationStore):
    """Counts the writes that are refused since the notification is there."""

    refused = 0

    def create(self, notification: Notification) -> bool:
        is_new = super().create(notification)
        self.refused += not is_new
        return is_new


class System:
    """A dispatcher, maintenance and a worker around stores in memory."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.tasks, self.notifications = FakeTaskStore(), CountingStore()
        self.queue, self.notices = FakeTaskQueue(self.clock), FakeNotices("slack")
        self.dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            is_idle=IdleQueues(queue=self.queue, clock=self.clock),
            notify=NotifyChanges(
                notifications=self.notifications,
                notification_queue=self.notices,
                config=FakeConfigStore(a_connection(), a_subscription(id=SubscriptionId("all"))),
                stack="test",
                clock=self.clock,
            ),
        )
        self.claim = ClaimTask(
            tasks=self.tasks, queue=self.queue, clock=self.clock, random=Random(1)
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(self.tasks, self.notifications),
            tasks=self.tasks,
            notifications=self.notifications,
            notification_queue=self.notices,
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(1),
        )

    def create(self) -> Task:
        """Create a task and dispatch it, as the stream does."""
        task = a_task()
        self.tasks.create(task)
        self.dispatch(task, task.history)
        return task

    def stored(self, task: Task) -> Task:
        return self.tasks.get(task.id)

    def messages(self) -> int:
        return len(self.queue.messages[Priority.NORMAL])


def test_a_task_is_not_marked_where_workers_keep_up() -> None:
    system = System()

    task = system.create()

    assert system.messages() == 1
    assert system.stored(task) == task


def test_a_task_is_marked_where_messages_wait() -> None:
    system = System()
    system.queue.send(Priority.NORMAL, [a_task().id for _ in range(MANY)])

    task = system.create()

    assert system.stored(task).sent_at == NOW
    assert system.stored(task).dispatched == 1


def test_the_queue_is_looked_at_again_after_a_while() -> None:
    system = System()
    system.create()
    system.queue.send(Priority.NORMAL, [a_task().id for _ in range(MANY)])
    system.clock.advance(seconds=16)

    task = system.create()

    assert system.stored(task).sent_at is not None


def test_a_task_is_marked_where_the_queue_does_not_answer() -> None:
    clock = FakeClock()
    queue = FakeTaskQueue(clock)
    queue.down = True

    assert not IdleQueues(queue=queue, clock=clock)(Priority.HIGH)


def test_a_task_that_nobody_claims_gets_one_more_message_and_the_mark() -> None:
    system = System()
    task = system.create()

    found = []
    for _ in range(4):
        system.clock.advance(timedelta(minutes=1, seconds=1))
        found.append(system.reconcile(lambda: 60.0).tasks)

    assert found == [0, 1, 0, 0]
    assert system.messages() == 2
    assert system.stored(task).sent_at is not None


def test_a_task_whose_only_message_is_lost_is_claimed_after_two_minutes() -> None:
    system = System()
    task = system.create()
    system.queue.messages[Priority.NORMAL].clear()
    system.clock.advance(timedelta(minutes=2, seconds=1))

    system.reconcile(lambda: 60.0)
    claimed = system.claim(WorkerId("agent-1"), lease_seconds=60, wait_seconds=0)

    assert claimed is not None
    assert (claimed.id, claimed.status) == (task.id, TaskStatus.RUNNING)


def test_the_second_message_of_a_task_is_claimed_by_nobody() -> None:
    system = System()
    system.create()
    system.clock.advance(timedelta(minutes=2, seconds=1))
    system.reconcile(lambda: 60.0)

    claims = [
        system.claim(WorkerId(f"agent-{number}"), lease_seconds=600, wait_seconds=0)
        for number in range(2)
    ]

    assert [claim is not None for claim in claims] == [True, False]
    assert system.messages() == 1


def test_the_end_of_a_task_looks_for_the_notifications_of_its_earlier_steps() -> None:
    system = System()
    task = system.create()
    ended = _ended(task)
    system.tasks.kept[task.id] = ended
    sent = len(system.notices.sent)
    system.clock.advance(timedelta(minutes=3))

    system.dispatch(ended, [ended.last_step])

    assert system.notifications.refused == 0
    assert len(system.notices.sent) - sent == 2
    assert system.stored(task).dispatched == ended.version


def test_the_end_of_a_task_creates_the_notifications_that_earlier_steps_did_not_get() -> None:
    system = System()
    task = system.create()
    ended = _ended(task)
    system.notifications.kept.clear()

    system.dispatch(ended, [ended.last_step])

    assert _changes(system, task) == ["created", "started", "succeeded"]


def _ended(task: Task) -> Task:
    lease = a_lease()
    running = leased(task, lease, NOW)
    return succeeded(running, lease.id, running.fence, TaskResult(), NOW)


def _changes(system: System, task: Task) -> Sequence[str]:
    notes = system.notifications.of_task(task.id)
    return sorted(str(note.change.change_type) for note in notes)


def test_a_lost_worker_is_noticed_in_the_minute_after_its_lease_and_met_early_once() -> None:
    system = System()
    system.create()
    task = system.claim(WorkerId("agent-1"), lease_seconds=300, wait_seconds=0)
    assert task

    found = [_minute(system) for _ in range(6)]

    assert [each.postponed for each in found] == [0, 1, 0, 0, 0, 0]
    assert [each.leases for each in found] == [0, 0, 0, 0, 0, 1]
    assert system.stored(task).status is TaskStatus.PENDING


def test_a_task_that_is_met_shortly_before_it_is_due_keeps_its_entry() -> None:
    system = System()
    system.create()
    task = system.claim(WorkerId("agent-1"), lease_seconds=120, wait_seconds=0)
    assert task
    system.clock.advance(timedelta(seconds=125))

    found = system.reconcile(lambda: 60.0)

    assert (found.leases, found.postponed, found.failed) == (0, 0, 0)
    assert system.stored(task) == task


def test_a_heartbeat_after_maintenance_moved_the_entry_is_not_refused() -> None:
    system = System()
    system.create()
    task = system.claim(WorkerId("agent-1"), lease_seconds=300, wait_seconds=0)
    assert task
    assert task.lease
    for _ in range(2):
        _minute(system)
    now = system.clock()

    longer = extended(task, task.lease.id, 1, now + timedelta(seconds=300), None, now)
    system.tasks.replace(task, longer)

    assert system.stored(task).due_at == now + timedelta(seconds=330)


def _minute(system: System) -> ReconcileResult:
    system.clock.advance(timedelta(minutes=1, seconds=1))
    return system.reconcile(lambda: 60.0)


def test_the_messages_of_a_repository_are_those_of_one_tenant() -> None:
    system = System()
    tasks = [
        a_task(repository="octo/one"),
        a_task(repository="octo/two"),
        a_task(repository="octo/one"),
        a_task(repository=None),
    ]
    for task in tasks:
        system.tasks.create(task)
        system.dispatch(task, task.history)

    tenants = [message.tenant for message in system.queue.messages[Priority.NORMAL]]

    assert tenants == ["octo/one", "octo/two", "octo/one", "github/default"]
