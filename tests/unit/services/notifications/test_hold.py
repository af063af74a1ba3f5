from datetime import timedelta

import pytest

from signalbox.models.connection import Connection
from signalbox.models.errors import Unavailable
from signalbox.models.hold import DISABLED, HOLD_LIMIT, held
from signalbox.models.ids import ConnectionId
from signalbox.models.notification import Notification, exhausted
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.notifications.hold import ReleaseHeld, ReleaseResult
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from tests.builders import NOW, a_connection, a_notification, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeHeldIndex, FakeNotificationStore, FakeTaskStore

DAY = timedelta(days=1)


class Rig:
    """Maintenance over fakes, with some held notifications of one connection."""

    def __init__(self, number: int = 3) -> None:
        self.clock = FakeClock()
        self.notes = [held(a_notification(), DISABLED, NOW) for _ in range(number)]
        self.store = FakeNotificationStore(*self.notes)
        self.queue = FakeNotices("slack")
        self.config = FakeConfigStore(a_connection(enabled=False))
        self.release = ReleaseHeld(
            index=FakeHeldIndex(self.store),
            notifications=self.store,
            notification_queue=self.queue,
            config=self.config,
            clock=self.clock,
        )

    def __call__(self, left: float = 60.0) -> ReleaseResult:
        return self.release(lambda: left)

    @property
    def kept(self) -> list[Notification]:
        return [self.store.get(note.task_id, note.id) for note in self.notes]


def test_while_a_connection_is_disabled_its_notifications_stay_and_nothing_is_sent() -> None:
    rig = Rig()

    result = rig()

    assert result == ReleaseResult()
    assert (rig.kept, rig.queue.sent) == (rig.notes, [])


def test_when_it_is_enabled_each_gets_a_message_once() -> None:
    rig = Rig()
    rig.config.put(a_connection())
    rig.clock.advance(DAY)

    first, second = rig(), rig()

    assert (first, second) == (ReleaseResult(released=3), ReleaseResult())
    assert [note.id for _, note in rig.queue.sent] == [note.id for note in rig.notes]
    assert all(note.hold is None and note.open for note in rig.kept)
    assert {note.due_at for note in rig.kept} == {rig.clock() + timedelta(minutes=2)}


def test_one_whose_message_cannot_be_sent_is_overdue_soon() -> None:
    rig = Rig(1)
    rig.config.put(a_connection())
    rig.queue.down = True

    assert rig() == ReleaseResult(failed=1)
    assert rig.kept[0].due_at == NOW + timedelta(minutes=2)


def test_those_of_a_connection_that_was_removed_are_left_to_its_connector() -> None:
    rig = Rig()
    rig.config.remove(a_connection())

    assert rig() == ReleaseResult(released=3)
    assert len(rig.queue.sent) == 3


def test_one_whose_connector_is_no_longer_installed_fails_with_the_reason() -> None:
    rig = Rig(1)
    rig.config.put(a_connection())
    rig.queue = FakeNotices("jira")
    object.__setattr__(rig.release, "notification_queue", rig.queue)

    rig()

    assert rig.kept[0].status is NotificationStatus.FAILED
    assert rig.kept[0].attempts[-1].reason == "this installation has no connector slack"


def test_after_thirty_days_a_held_notification_is_dead() -> None:
    rig = Rig()
    rig.clock.now = NOW + HOLD_LIMIT - DAY
    assert rig() == ReleaseResult()
    rig.clock.now = NOW + HOLD_LIMIT + DAY

    assert rig() == ReleaseResult(expired=3)
    assert {note.status for note in rig.kept} == {NotificationStatus.DEAD}
    assert {note.attempts[-1].reason for note in rig.kept} == {
        "its connection was disabled for 30 days"
    }


def test_a_connection_that_cannot_be_read_holds_up_no_other() -> None:
    class Odd(FakeConfigStore):
        def connection(self, connection: ConnectionId) -> Connection:
            if connection == "odd":
                raise Unavailable("it cannot be read")
            return super().connection(connection)

    rig = Rig(1)
    rig.store.create(held(a_notification(connection=ConnectionId("odd")), DISABLED, NOW))
    object.__setattr__(rig.release, "config", Odd(a_connection()))

    assert rig() == ReleaseResult(released=1, failed=1)


def test_when_the_time_is_up_the_next_run_goes_on() -> None:
    rig = Rig()
    rig.config.put(a_connection())

    assert rig(left=5.0) == ReleaseResult()
    assert rig() == ReleaseResult(released=3)


@pytest.mark.parametrize("outcome", ["ended", "gone"])
def test_what_has_moved_on_since_the_index_was_read_is_left_alone(outcome: str) -> None:
    rig = Rig(1)
    rig.config.put(a_connection())
    (note,) = rig.notes
    stale = list(FakeHeldIndex(rig.store).of_connection(note.connection))

    class Behind(FakeHeldIndex):
        def of_connection(self, *_: object) -> object:  # type: ignore[override]
            return iter(stale)

    object.__setattr__(rig.release, "index", Behind(rig.store))
    rig.store.kept.clear()
    if outcome == "ended":
        rig.store.create(exhausted(note, "the queue gave up", NOW))
    rig.store.create(held(a_notification(), DISABLED, NOW))

    assert rig() == ReleaseResult()
    assert rig.queue.sent == []


def test_a_change_for_a_disabled_connection_is_held_from_the_beginning() -> None:
    clock, queue, store = FakeClock(), FakeNotices("slack"), FakeNotificationStore()
    task = a_task()
    tasks = FakeTaskStore(task)
    dispatch = DispatchChanges(
        tasks=tasks,
        queue=FakeTaskQueue(clock),
        clock=clock,
        notify=NotifyChanges(
            notifications=store,
            notification_queue=queue,
            config=FakeConfigStore(a_connection(enabled=False), a_subscription()),
            stack="test",
            clock=clock,
        ),
    )

    for _ in range(2):
        dispatch(task, task.history)

    (note,) = store.of_task(task.id)
    assert note.hold is not None
    assert note.hold.reason == "the connection is disabled"
    assert queue.sent == []
