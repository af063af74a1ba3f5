from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from signalbox.models.errors import Unavailable
from signalbox.models.ids import TaskId
from signalbox.models.notification import begun
from signalbox.models.task import Priority, TaskApproval, TaskStatus
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from tests.builders import NOW, STACK, a_notification, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class _Queue(FakeTaskQueue):
    """Takes nothing urgent."""

    def send(
        self,
        priority: Priority,
        tasks: Iterable[TaskId],
        *,
        delay: int = 0,
        tenant: str | None = None,
    ) -> None:
        if priority is Priority.HIGH:
            raise Unavailable("the queue high did not answer")
        super().send(priority, tasks, delay=delay, tenant=tenant)


@pytest.fixture
def tasks() -> FakeTaskStore:
    return FakeTaskStore(*[a_task() for _ in range(7)])


@pytest.fixture
def heal(tasks: FakeTaskStore) -> ReconcileOverdue:
    clock, notifications, notification_queue = FakeClock(), FakeNotificationStore(), FakeNotices()
    dispatch = DispatchChanges(
        tasks=tasks,
        queue=_Queue(clock),
        clock=clock,
        notify=NotifyChanges(
            notifications=notifications,
            notification_queue=notification_queue,
            config=FakeConfigStore(),
            stack=STACK,
            clock=clock,
        ),
    )
    clock.advance(seconds=3_600)
    return ReconcileOverdue(
        due_index=FakeAgenda(tasks, notifications),
        tasks=tasks,
        notifications=notifications,
        notification_queue=notification_queue,
        dispatch=dispatch,
        clock=clock,
        random=Random(1),
    )


def test_the_first_that_cannot_be_moved_on_are_told_with_what_is_wrong(
    heal: ReconcileOverdue, tasks: FakeTaskStore
) -> None:
    tasks.down = True

    healed = heal(lambda: 60.0)

    assert (healed.tasks, healed.failed) == (0, 7)
    assert len(healed.troubles) == 5
    assert healed.troubles.items() <= dict.fromkeys(tasks.kept, "Unavailable").items()


def test_where_all_goes_well_there_is_nothing_to_tell(heal: ReconcileOverdue) -> None:
    healed = heal(lambda: 60.0)

    assert (healed.tasks, healed.failed, healed.troubles) == (7, 0, {})


def test_a_crowd_that_takes_all_the_time_and_cannot_be_moved_on_does_not_hide_the_rest(
    heal: ReconcileOverdue, tasks: FakeTaskStore
) -> None:
    crowd = [a_task(priority=Priority.HIGH) for _ in range(20)]
    late = a_task(updated_at=NOW + timedelta(minutes=1))
    tasks.kept = {task.id: task for task in (*crowd, late)}

    for _ in range(10):
        heal(partial(next, iter([20.0, 20.0, 0.0])))

    assert tasks.get(late.id).sent_at is not None


def test_a_task_that_nobody_approved_in_time_is_cancelled(
    heal: ReconcileOverdue, tasks: FakeTaskStore
) -> None:
    approval = TaskApproval(seconds=60, expires_at=NOW + timedelta(minutes=1))
    task = a_task(status=TaskStatus.AWAITING_APPROVAL, approval=approval)
    tasks.create(task)

    heal(lambda: 60.0)

    assert tasks.get(task.id).status is TaskStatus.CANCELLED


def test_an_attempt_that_is_met_too_early_gets_no_other_message(heal: ReconcileOverdue) -> None:
    now = heal.clock()
    note = a_notification(created_at=now - 2 * MINUTE, queued_at=now - 2 * MINUTE - SECOND)
    heal.notifications.create(begun(note, now - MINUTE - 2 * SECOND, now + MINUTE))

    healed = heal(lambda: 60.0)

    assert healed.notifications == 0
