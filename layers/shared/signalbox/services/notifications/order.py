"""The order of notifications: what is earlier, and whether it has ended.

In the order of a task the changes are numbered by the task itself. In the order of a connection
each notification gets a position in a sequence when it is dispatched. See
docs/decisions/0019-order-of-notifications.md.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.sequence import (
    SequenceEntry,
    change_number,
    entry_of,
    is_waited_for,
    positioned,
)
from signalbox.services.ports.notifications import NotificationStore, SequenceStore
from signalbox.services.ports.time import Clock

_MAX_STEPS: Final = 25
"""How many ended notifications are passed at a time."""

_MAX_CONFLICTS: Final = 3


@frozen
class Predecessor:
    """The earlier notification that one waits for, and how many are before it.

    `notification` is None while so many have ended that not all were passed.
    """

    notification: Notification | None
    distance: int


@frozen
class NotificationOrder:
    """Finds what a notification waits for."""

    notifications: NotificationStore
    sequences: SequenceStore
    clock: Clock

    def join(self, notification: Notification) -> Notification:
        """Return the notification with a position in the sequence of its connection.

        Repeated, it finds the position that it has.

        Raises:
            Unavailable: A store did not answer, or others were faster too often.
        """
        for _ in range(_MAX_CONFLICTS):
            stored = self.notifications.get(notification.task_id, notification.id)
            if not stored.open or stored.position is not None:
                return stored
            with suppress(WriteConflict):
                return self._appended(stored)
        raise Unavailable("the notification is contended")

    def settled(self, current: Notification, connection: Connection) -> Notification:
        """Return the notification with a position that is valid, if it needs one.

        It may have none because the connection kept no order when it was dispatched, because it is
        redelivered, or because the sequence was lost.

        Raises:
            WriteConflict: Another process was faster.
            Unavailable: A store did not answer.
        """
        if connection.order is not DeliveryOrder.CONNECTION or not is_ordered(current, connection):
            return current
        bounds = self.sequences.bounds(current.connection)
        if current.position and bounds.first <= current.position <= bounds.last:
            return current
        return self._appended(current)

    def predecessor(
        self, current: Notification, connection: Connection, *, read_only: bool = False
    ) -> Predecessor | None:
        """Return what a notification waits for, None if it may be sent.

        With `read_only` the sequence stays as it is.

        Raises:
            Unavailable: A store did not answer.
        """
        if not is_ordered(current, connection):
            return None
        if connection.order is DeliveryOrder.TASK:
            return self._earlier_change(current)
        return self._earlier_position(current, read_only=read_only)

    def _appended(self, notification: Notification) -> Notification:
        position = self.sequences.append(notification.connection, entry_of(notification))
        after = positioned(notification, position)
        self.notifications.replace(notification, after)
        return after

    def _earlier_change(self, current: Notification) -> Predecessor | None:
        now, number = self.clock(), change_number(current)
        earlier = [
            each
            for each in self.notifications.of_task(current.task_id)
            if each.connection == current.connection
            and each.id != current.id
            and is_waited_for(each, now)
            and change_number(each) < number
            and not (each.digest and each.digest.leader.notification == current.id)
        ]
        if not earlier:
            return None
        return Predecessor(notification=min(earlier, key=change_number), distance=len(earlier))

    def _earlier_position(self, current: Notification, *, read_only: bool) -> Predecessor | None:
        if current.position is None:
            return Predecessor(notification=None, distance=1)
        first = self.sequences.bounds(current.connection).first
        at, own, waits_for = first, False, None
        for at, entry in self._entries(current, first, read_only=read_only):
            own = at == current.position and entry == entry_of(current)
            waits_for = None if own else self._unfinished(entry, at)
            if own or waits_for:
                break
        if at > first and not read_only:
            self.sequences.advance(current.connection, at)
        if own:
            return None
        return Predecessor(notification=waits_for, distance=max(current.position - at, 1))

    def _entries(
        self, current: Notification, first: int, *, read_only: bool
    ) -> Iterator[tuple[int, SequenceEntry]]:
        """Yield entries from the first on; a position that got none for good is closed."""
        for at in range(first, min(first + _MAX_STEPS, (current.position or 0) + 1)):
            entry = self.sequences.entry(current.connection, at)
            if entry is None and not read_only:
                self.sequences.close(current.connection, at)
                entry = self.sequences.entry(current.connection, at)
            yield at, entry or SequenceEntry()

    def _unfinished(self, entry: SequenceEntry, at: int) -> Notification | None:
        """Return the notification at a position if others wait for it there."""
        if entry.task is None or entry.notification is None:
            return None
        with suppress(NotFound):
            found = self.notifications.get(entry.task, entry.notification)
            if found.position in {None, at} and is_waited_for(found, self.clock()):
                return found
        return None


def is_ordered(notification: Notification, connection: Connection) -> bool:
    """Return whether the notification waits for earlier ones.

    A test of a connection and the alert of an incident do not.
    """
    is_of_task = not (notification.change.is_test or notification.change.is_incident)
    return connection.order is not DeliveryOrder.NONE and is_of_task
