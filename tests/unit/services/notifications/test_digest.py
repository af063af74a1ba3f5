from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.quiet_hours import QuietHours
from signalbox.models.task import Task
from signalbox.services.notifications.digest import Digests
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from tests.builders import a_connection, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.delivery import a_delivery
from tests.fakes.digests import FakeDigestStore
from tests.fakes.edges import FakeConnector
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore

MINUTE = timedelta(minutes=1)


class Crash(Exception):
    """The process ends."""


class Crashing:
    """A store whose process ends before or after one of all writes."""

    def __init__(self, inner: Any, rig: "Rig", *writes: str) -> None:
        self.inner, self.rig, self.writes = inner, rig, writes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)
        return self._crashing(method) if name in self.writes else method

    def _crashing(self, write: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            self.rig.writes += 1
            crashes = self.rig.writes == self.rig.crash_at
            if crashes and not self.rig.after:
                raise Crash
            result = write(*arguments)
            if crashes:
                raise Crash
            return result

        return call


class Rig:
    """Changes, maintenance and a connector over fakes; what crashes is run again."""

    def __init__(
        self,
        *outcomes: Exception | None,
        crash_at: int = 0,
        after: bool = False,
        connector: str = "slack",
        **fields: object,
    ) -> None:
        self.writes, self.crash_at, self.after = 0, crash_at, after
        self.clock = FakeClock()
        self.tasks = FakeTaskStore()
        self.store = FakeNotificationStore()
        self.buckets = FakeDigestStore()
        self.queue = FakeNotices(connector)
        self.connector = FakeConnector(*outcomes, name=connector)
        config = FakeConfigStore(
            a_connection(connector=connector),
            a_subscription(**({"digest": {"minutes": 15, "max": 3}} | fields)),
        )
        notifications: Any = Crashing(self.store, self, "create", "replace")
        queue: Any = Crashing(self.queue, self, "send")
        digests = Digests(
            store=Crashing(self.buckets, self, "replace"),
            notifications=notifications,
            clock=self.clock,
        )
        self.dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=FakeTaskQueue(self.clock),
            clock=self.clock,
            notify=NotifyChanges(
                notifications=notifications,
                notification_queue=queue,
                config=config,
                stack="test",
                digests=digests,
                clock=self.clock,
            ),
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(FakeTaskStore(), self.store),
            tasks=self.tasks,
            notifications=notifications,
            notification_queue=queue,
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(1),
        )
        self.deliver = a_delivery(
            connector=self.connector,
            notifications=notifications,
            config=config,
            clock=self.clock,
            digests=digests,
        )

    def change(self, *titles: str) -> None:
        for title in titles:
            task: Task = a_task(title=title)
            self.tasks.create(task)
            self._again(partial(self.dispatch, task, task.history))

    def run(self, minutes: int) -> None:
        """Let time pass: maintenance runs every minute, and messages are received."""
        for _ in range(minutes):
            self.clock.advance(MINUTE)
            self._again(lambda: self.reconcile(lambda: 60.0))
            for _, note in self.queue.sent[:]:
                self._again(partial(self.deliver, note.task_id, note.id))

    def _again(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Crash:
            act()

    @property
    def messages(self) -> list[str]:
        return [note.text or note.change.data.title for note, _, _ in self.connector.sent]

    @property
    def kept(self) -> list[Notification]:
        return list(self.store.kept.values())


def test_changes_within_a_window_are_one_message() -> None:
    rig = Rig()

    rig.change("one", "two")
    rig.run(14)
    before = rig.messages[:]
    rig.run(30)

    assert before == []
    [message] = rig.messages
    assert [line.split(" http")[0] for line in message.splitlines()] == [
        "created: one",
        "created: two",
    ]
    assert {note.status for note in rig.kept} == {NotificationStatus.DELIVERED}
    leader, member = rig.kept
    assert member.attempts[-1].reason == f"in the digest of {leader.id}"
    assert [each.buckets for each in rig.buckets.kept.values()] == [()]


def test_a_digest_of_one_is_an_ordinary_message() -> None:
    rig = Rig()

    rig.change("one")
    rig.run(16)

    assert rig.messages == ["one"]
    assert not rig.kept[0].is_digest


def test_a_full_digest_is_followed_by_another() -> None:
    rig = Rig()

    rig.change("1", "2", "3", "4", "5")
    rig.run(16)

    assert [len(message.splitlines()) for message in rig.messages] == [3, 2]


def test_a_template_writes_the_lines() -> None:
    rig = Rig(template="<{{ title }}>")

    rig.change("one", "two")
    rig.run(16)

    assert rig.messages == ["<one>\n<two>"]


def test_every_change_of_a_large_digest_has_a_line() -> None:
    rig = Rig(digest={"minutes": 15, "max": 50})

    rig.change(*(f"{number} " + "x" * 300 for number in range(50)))
    rig.run(16)

    [message] = rig.messages
    assert len(message.splitlines()) == 50
    assert len(message) <= 4_000


@pytest.mark.parametrize(
    ("connector", "fields"),
    [
        ("webhook", {}),
        ("slack", {"quiet_hours": {"from": "00:00", "to": "00:01", "except": ("created",)}}),
    ],
)
def test_some_changes_are_never_in_a_digest(connector: str, fields: dict[str, Any]) -> None:
    if "quiet_hours" in fields:
        fields = {"quiet_hours": QuietHours.model_validate(fields["quiet_hours"], strict=False)}
    rig = Rig(connector=connector, **fields)

    rig.change("one", "two")

    assert len(rig.queue.sent) == 2


def test_members_wait_while_the_target_is_down() -> None:
    rig = Rig(SendDelayed("away", timedelta(hours=1)))

    rig.change("one", "two")
    rig.run(100)

    assert len(rig.messages) == 2  # the attempt that failed, and the other
    assert {note.status for note in rig.kept} == {NotificationStatus.DELIVERED}


def test_members_are_sent_by_themselves_if_the_digest_is_refused() -> None:
    rig = Rig(SendRefused("no"))

    rig.change("one", "two")
    rig.run(40)

    assert rig.messages[-1] == "two"
    assert [note.status for note in rig.kept] == ["failed", "delivered"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("crash_at", range(1, 22))
def test_a_crash_at_any_write_loses_nothing(crash_at: int, after: bool) -> None:  # noqa: FBT001  a parameter of the test
    rig = Rig(crash_at=crash_at, after=after)

    rig.change("one", "two", "three")
    rig.run(60)

    shown = "\n".join(rig.messages)
    assert all(title in shown for title in ("one", "two", "three"))
    assert all(shown.count(title) <= 2 for title in ("one", "two", "three"))
    assert {note.status for note in rig.kept} == {NotificationStatus.DELIVERED}


def test_the_crashes_are_at_every_write() -> None:
    rig = Rig()

    rig.change("one", "two", "three")
    rig.run(60)

    assert 12 <= rig.writes <= 21
