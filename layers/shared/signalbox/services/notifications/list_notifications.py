"""List notifications, and redeliver them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from signalbox.models.errors import Conflict, NotFound, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, redelivered
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.pagination import Page, Window, chunked, collect_page
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.time import Clock


@frozen
class NotificationFilter:
    """Which notifications to list; None and no statuses match all."""

    statuses: tuple[NotificationStatus, ...] = ()
    connection: ConnectionId | None = None
    connector: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, notification: Notification) -> bool:
        """Return whether a notification of this connection and time matches."""
        return (not self.statuses or notification.status in self.statuses) and self.connector in {
            None,
            notification.connector,
        }


@frozen
class ListNotifications:
    """List notifications, newest first."""

    notifications: NotificationStore

    def __call__(
        self, filters: NotificationFilter, *, limit: int, after: str | None = None
    ) -> Page[Notification]:
        """Return a page of at most `limit` notifications after the position `after`."""
        window = Window(since=filters.since, until=filters.until, after=after, chunk=limit + 1)
        return collect_page(self._rows(filters, window), limit)

    def _rows(
        self, filters: NotificationFilter, window: Window
    ) -> Iterator[tuple[str, Notification | None]]:
        statuses = filters.statuses or tuple(NotificationStatus)
        for chunk in chunked(self.notifications.newest(statuses, window), window.chunk):
            selected = [ref for ref in chunk if filters.connection in {None, ref.connection}]
            found = self.notifications.batch_get(selected)
            for ref in chunk:
                notification = found.get(ref.notification)
                fits = notification is not None and filters.fits(notification)
                yield ref.position, notification if fits else None


@frozen
class RedeliverNotification:
    """Queue a notification again, with new attempts."""

    notifications: NotificationStore
    notification_queue: NotificationQueue
    clock: Clock

    def __call__(self, task: TaskId, notification: NotificationId) -> Notification:
        """Return the queued notification.

        Raises:
            NotFound: There is no such notification.
            Conflict: It is not finished yet, or its connector is not installed.
        """
        before = self.notifications.get(task, notification)
        after = redelivered(before, self.clock())
        if not self.notification_queue.has_queue(after.connector):
            raise Conflict(f"this installation has no connector {after.connector}")
        self.notifications.replace(before, after)
        with suppress(Unavailable):  # it is stored: maintenance sends the message later
            self.notification_queue.send(after.connector, after)
        return after


@frozen
class RedeliveredPage:
    """The notifications that are queued again, and those that are not with the reason.

    `after` is the position after which the next page starts, None at the end.
    """

    notifications: Sequence[Notification]
    refused: Sequence[tuple[Notification, str]] = ()
    after: str | None = None


@frozen
class RedeliverNotifications:
    """Queue all matching notifications again that failed or are dead, page by page.

    With `dry_run` it only returns which.
    """

    browse: ListNotifications
    redeliver: RedeliverNotification

    def __call__(
        self, filters: NotificationFilter, *, limit: int, after: str | None = None, dry_run: bool
    ) -> RedeliveredPage:
        """Redeliver a page of at most `limit` notifications, the newest first.

        Those that have changed meanwhile are refused.
        """
        page = self.browse(filters, limit=limit, after=after)
        queued, refused = [], []
        for found in page.items:
            try:
                queued.append(found if dry_run else self.redeliver(found.task_id, found.id))
            except (Conflict, NotFound) as error:
                refused.append((found, error.reason))
        return RedeliveredPage(notifications=queued, refused=refused, after=page.after)
