"""List dead letters, and redrive them."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from signalbox.models.base import list_position
from signalbox.models.change import TaskSummary
from signalbox.models.dead_letter import (
    DeadLetter,
    DeadLetterKind,
    notification_dead_letter,
    task_dead_letter,
)
from signalbox.models.errors import Conflict, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import NotificationRef
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.notifications.list_notifications import RedeliverNotification
from signalbox.services.pagination import Page, Window, chunked, collect_page
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.tasks.update import RetryTask

_REDRIVABLE: Final = frozenset({NotificationStatus.FAILED, NotificationStatus.DEAD})

_Row = tuple[str, TaskSummary | NotificationRef]


@frozen
class DeadLetterFilter:
    """Which dead letters to select; None matches all. `connection` selects notifications."""

    kind: DeadLetterKind | None = None
    priority: Priority | None = None
    provider: str | None = None
    connection: ConnectionId | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, letter: DeadLetter) -> bool:
        """Return whether a dead letter matches."""
        return (
            self.kind in {None, letter.kind}
            and self.priority in {None, letter.priority}
            and self.provider in {None, letter.provider}
            and self.connection in {None, letter.connection}
            and (self.since is None or letter.created_at >= self.since)
            and (self.until is None or letter.created_at < self.until)
        )


@frozen
class ListDeadLetters:
    """List dead letters, those of the newest tasks and notifications first."""

    tasks: TaskStore
    notifications: NotificationStore

    def __call__(
        self, filters: DeadLetterFilter, *, limit: int, after: str | None = None
    ) -> Page[DeadLetter]:
        """Return a page of at most `limit` dead letters after the position `after`."""
        window = Window(since=filters.since, until=filters.until, after=after, chunk=limit + 1)
        return collect_page(self._letters(filters, window), limit)

    def _letters(
        self, filters: DeadLetterFilter, window: Window
    ) -> Iterator[tuple[str, DeadLetter | None]]:
        for chunk in chunked(self._rows(filters.kind, window), window.chunk):
            tasks = self.tasks.batch_get(
                [row.id for _, row in chunk if isinstance(row, TaskSummary)]
            )
            notifications = self.notifications.batch_get(
                [row for _, row in chunk if isinstance(row, NotificationRef)]
            )
            letters = {
                str(task.id): task_dead_letter(task) for task in tasks.values() if task.dead
            } | {
                str(notification.id): notification_dead_letter(notification)
                for notification in notifications.values()
                if notification.status is NotificationStatus.DEAD
            }
            for position, row in chunk:
                name = row.id if isinstance(row, TaskSummary) else row.notification
                letter = letters.get(name)
                yield position, letter if letter and filters.fits(letter) else None

    def _rows(self, kind: DeadLetterKind | None, window: Window) -> Iterator[_Row]:
        """Yield candidates: failed tasks, whatever the reason, and dead notifications."""
        lists: list[Iterator[_Row]] = []
        if kind is not DeadLetterKind.NOTIFICATION:
            tasks = self.tasks.newest([TaskStatus.FAILED], window)
            lists.append((list_position(task.created_at, task.id), task) for task in tasks)
        if kind is not DeadLetterKind.TASK:
            notifications = self.notifications.newest([NotificationStatus.DEAD], window)
            lists.append((ref.position, ref) for ref in notifications)
        return heapq.merge(*lists, key=lambda row: row[0], reverse=True)


@frozen
class DeadLetterRef:
    """One task; or one of its notifications, or all of them."""

    task: TaskId
    notification: NotificationId | None = None


@frozen
class RedriveResult:
    """The dead letters that got new attempts, and those that did not with the reason.

    `after` is the position after which the next page starts.
    """

    letters: Sequence[DeadLetter]
    refused: Sequence[tuple[DeadLetter, str]] = ()
    after: str | None = None


@frozen
class RedriveDeadLetters:
    """Give dead letters new attempts: retry a task, redeliver a notification.

    With `dry_run` it only returns which.
    """

    dead: ListDeadLetters
    retry: RetryTask
    redeliver: RedeliverNotification

    def __call__(
        self,
        filters: DeadLetterFilter,
        ref: DeadLetterRef | None,
        *,
        limit: int,
        after: str | None = None,
        by: str,
        dry_run: bool,
    ) -> RedriveResult:
        """Redrive a page of at most `limit` dead letters after the position `after`.

        Or those of `named`.

        Dead letters that have changed meanwhile are refused.

        Raises:
            NotFound: The named task or notification does not exist.
            Conflict: The named task or notification is neither dead nor failed.
        """
        page = self._named(filters, ref) if ref else self.dead(filters, limit=limit, after=after)
        redriven, refused = [], []
        for letter in page.items:
            try:
                self._redrive(letter, by, dry_run=dry_run)
            except (Conflict, NotFound) as error:
                refused.append((letter, error.reason))
            else:
                redriven.append(letter)
        return RedriveResult(letters=redriven, refused=refused, after=page.after)

    def _named(self, filters: DeadLetterFilter, ref: DeadLetterRef) -> Page[DeadLetter]:
        letters = self._letters(filters.kind, ref)
        return Page(items=[letter for letter in letters if filters.fits(letter)], after=None)

    def _letters(self, kind: DeadLetterKind | None, ref: DeadLetterRef) -> Sequence[DeadLetter]:
        if kind is DeadLetterKind.TASK:
            task = self.dead.tasks.get(ref.task)
            if task.status is not TaskStatus.FAILED:
                raise Conflict(f"the task is {task.status}")
            return [task_dead_letter(task)]
        if ref.notification is None:
            notifications = self.dead.notifications.of_task(ref.task)
            return [
                notification_dead_letter(notification)
                for notification in notifications
                if notification.status in _REDRIVABLE
            ]
        notification = self.dead.notifications.get(ref.task, ref.notification)
        if notification.status not in _REDRIVABLE:
            raise Conflict(f"the notification is {notification.status}")
        return [notification_dead_letter(notification)]

    def _redrive(self, letter: DeadLetter, by: str, *, dry_run: bool) -> None:
        if dry_run:
            return
        if letter.notification_id:
            self.redeliver(letter.task_id, letter.notification_id)
        else:
            self.retry(letter.task_id, None, by=by)
