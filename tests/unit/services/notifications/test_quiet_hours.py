from datetime import UTC, datetime, timedelta
from random import Random

from signalbox.models.notification import Notification, SendResult
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from tests.builders import NOW, a_connection, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeHeldIndex, FakeNotificationStore, FakeTaskStore
from tests.unit.services import delivering

HOUR = timedelta(hours=1)


class Rig:
    """A change during quiet hours that end in an hour, and maintenance."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        task = a_task()
        self.tasks, self.store = FakeTaskStore(task), FakeNotificationStore()
        self.queue = FakeNotices("slack")
        span = {
            "from": (NOW - HOUR).astimezone(UTC).strftime("%H:%M"),
            "to": (NOW + HOUR).astimezone(UTC).strftime("%H:%M"),
        }
        dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=FakeTaskQueue(self.clock),
            clock=self.clock,
            notify=NotifyChanges(
                notifications=self.store,
                notification_queue=self.queue,
                config=FakeConfigStore(a_connection(), a_subscription(quiet_hours=span)),
                stack="test",
                clock=self.clock,
            ),
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(self.tasks, self.store),
            tasks=self.tasks,
            notifications=self.store,
            notification_queue=self.queue,
            dispatch=dispatch,
            clock=self.clock,
            random=Random(1),
        )
        for _ in range(2):  # a stream may deliver a change again
            dispatch(task, task.history)

    @property
    def kept(self) -> Notification:
        [notification] = self.store.kept.values()
        return notification

    @property
    def end(self) -> datetime:
        return (NOW + HOUR).replace(second=0, microsecond=0)


def test_during_quiet_hours_nothing_is_sent_and_the_reason_is_there() -> None:
    rig = Rig()

    rig.clock.advance(timedelta(minutes=50))
    result = rig.reconcile(lambda: 60.0)

    assert (result.notifications, rig.queue.sent) == (0, [])
    assert rig.kept.hold
    assert rig.kept.hold.reason == "quiet hours of the subscription"
    assert (rig.kept.next_at, rig.kept.due_at) == (rig.end, rig.end)
    assert list(FakeHeldIndex(rig.store).connections()) == []  # an enabled connection ends nothing


def test_at_their_end_maintenance_sends_it_once() -> None:
    rig = Rig()

    rig.clock.advance(HOUR + timedelta(minutes=1))
    results = [rig.reconcile(lambda: 60.0).notifications for _ in range(2)]

    assert results == [1, 0]
    assert [each.id for _, each in rig.queue.sent] == [rig.kept.id]
    assert rig.kept.hold is None
    assert rig.kept.retried_from == rig.clock()  # all of the time is left for its attempts


def test_one_whose_message_cannot_be_sent_at_their_end_is_sent_later() -> None:
    rig = Rig()
    rig.queue.down = True
    rig.clock.advance(HOUR + timedelta(minutes=1))

    rig.reconcile(lambda: 60.0)
    rig.queue.down = False
    rig.clock.advance(timedelta(minutes=3))
    rig.reconcile(lambda: 60.0)

    assert len(rig.queue.sent) == 1


def test_a_message_that_comes_too_early_makes_no_attempt() -> None:
    quiet = Rig()
    rig = delivering.Rig(note=quiet.kept)

    assert rig().result is SendResult.NOT_DUE
    assert rig.connector.sent == []
