"""What every index of held notifications promises."""

from datetime import timedelta

import pytest

from signalbox.models.hold import held, released_from_hold
from signalbox.models.ids import ConnectionId
from signalbox.models.notification import Notification
from signalbox.services.ports.notifications import HeldIndex, NotificationStore
from signalbox.services.ports.tasks import DueItem
from tests.builders import NOW, a_notification

SECOND = timedelta(seconds=1)
TEAM, TEAMS, OPS = ConnectionId("team"), ConnectionId("team-2"), ConnectionId("ops")


def a_held(connection: ConnectionId, since: int = 0) -> Notification:
    """A notification that is held since so many seconds after NOW."""
    return held(a_notification(connection=connection), "a reason", NOW + since * SECOND)


def item(notification: Notification) -> DueItem:
    return DueItem(task=notification.task_id, notification=notification.id)


class HeldIndexContract:
    """Inherit and say what `notes` and `index` are: one table, seen two ways."""

    @pytest.fixture
    def notes(self) -> NotificationStore:
        raise NotImplementedError

    @pytest.fixture
    def index(self) -> HeldIndex:
        raise NotImplementedError

    def test_without_held_notifications_there_is_no_connection(
        self, notes: NotificationStore, index: HeldIndex
    ) -> None:
        notes.create(a_notification())

        assert list(index.connections()) == []

    def test_each_connection_with_held_notifications_is_found_once(
        self, notes: NotificationStore, index: HeldIndex
    ) -> None:
        for _ in range(5):
            for connection in (TEAM, TEAMS, OPS):
                notes.create(a_held(connection))

        assert list(index.connections()) == [OPS, TEAM, TEAMS]

    def test_the_held_notifications_of_a_connection_are_found_oldest_first(
        self, notes: NotificationStore, index: HeldIndex
    ) -> None:
        made = [a_held(TEAM, since) for since in (3, 1, 2, 5, 4)]
        for notification in (*made, a_held(TEAMS, 0), a_held(OPS, 9)):
            notes.create(notification)
        by_time = sorted(made, key=lambda each: each.hold.since if each.hold else NOW)

        assert list(index.of_connection(TEAM)) == [item(each) for each in by_time]
        assert list(index.of_connection(TEAM, NOW + 2.5 * SECOND)) == [
            item(each) for each in by_time[:2]
        ]

    def test_a_released_notification_is_not_found(
        self, notes: NotificationStore, index: HeldIndex
    ) -> None:
        before = a_held(TEAM)
        notes.create(before)
        notes.replace(before, released_from_hold(before, NOW))

        assert list(index.connections()) == []
        assert list(index.of_connection(TEAM)) == []
