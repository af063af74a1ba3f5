"""The order of notifications: the sequence of a connection, and what waits for what."""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.base import Model
from signalbox.models.hold import HOLD_LIMIT
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.notification import Notification

_WAITED_FOR: Final = timedelta(hours=96)
"""For how long others wait for a notification that nothing happens to: longer than attempts take.
"""


class SequenceEntry(Model):
    """What is at a position of a sequence: a notification, or nothing."""

    task: TaskId | None = None
    notification: NotificationId | None = None


class SequenceBounds(Model):
    """The first position that may be unfinished, and the last one that was given."""

    first: int = 1
    last: int = 0


def entry_of(notification: Notification) -> SequenceEntry:
    """Return the entry of a notification."""
    return SequenceEntry(task=notification.task_id, notification=notification.id)


def change_number(notification: Notification) -> tuple[int, int]:
    """Return the place of its change among those of the task, which may be created again."""
    _, created, version = notification.change.id.rsplit(".", 2)
    return int(created), int(version)


def is_waited_for(notification: Notification, now: datetime) -> bool:
    """Return whether later notifications wait for this one.

    An unfinished one that no function attends to, such as one whose connector was removed, is not
    waited for without end.
    """
    if not notification.open:
        return False
    hold = notification.hold
    marks = (
        notification.retried_from,
        notification.next_at,
        notification.busy_until,
        hold.since + HOLD_LIMIT if hold else None,
    )
    return now - max(mark for mark in marks if mark) < _WAITED_FOR


def positioned(notification: Notification, position: int) -> Notification:
    """Return the notification at a position of the sequence of its connection."""
    return notification.model_copy(
        update={"version": notification.version + 1, "position": position}
    )
