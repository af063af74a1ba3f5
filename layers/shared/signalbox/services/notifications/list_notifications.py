"""Lists notifications, and owes one once more."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from signalbox.models.errors import Conflict, Unavailable
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, NotificationStatus, redelivered
from signalbox.services.pagination import Page, Window, chunked, collect_page
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.time import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFilter:
    """Which notifications to list; None takes all."""

    status: NotificationStatus | None = None
    connection: ConnectionId | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotifications:
    """Lists notifications, newest first, page by page."""

    notifications: NotificationStore

    def __call__(
        self, wanted: NotificationFilter, *, limit: int, after: str | None = None
    ) -> Page[Notification]:
        """One page of at most `limit` notifications behind the position `after`."""
        window = Window(since=wanted.since, until=wanted.until, after=after, chunk=limit + 1)
        return collect_page(self._rows(wanted, window), limit)

    def _rows(
        self, wanted: NotificationFilter, window: Window
    ) -> Iterator[tuple[str, Notification | None]]:
        statuses = [wanted.status] if wanted.status else list(NotificationStatus)
        for chunk in chunked(self.notifications.newest(statuses, window), window.chunk):
            mine = [owed for owed in chunk if wanted.connection in {None, owed.connection}]
            found = self.notifications.batch_get(mine)
            for owed in chunk:
                note = found.get(owed.notification)
                fits = note is not None and wanted.status in {None, note.status}
                yield owed.position, note if fits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeliverNotification:
    """Owes a notification once more, with new attempts."""

    notifications: NotificationStore
    notification_queue: NotificationQueue
    clock: Clock

    def __call__(self, task: TaskId, notification: NotificationId) -> Notification:
        """The notification, queued.

        Raises NotFound, Conflict while it is still owed or where nothing delivers such ones.
        """
        before = self.notifications.get(task, notification)
        after = redelivered(before, self.clock())
        if not self.notification_queue.has_queue(after.connector):
            raise Conflict(f"this installation has no connector {after.connector}")
        self.notifications.replace(before, after)
        with suppress(Unavailable):  # it is owed by now: maintenance sends what we could not
            self.notification_queue.send(after.connector, after)
        return after
