"""Lists dead letters, and gives them new attempts."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import NotificationRef, NotificationStatus
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.notifications.list_notifications import RedeliverNotification
from signalbox.services.pagination import Page, Window, chunked, collect_page
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.tasks.update import RetryTask

_ENDED: Final = frozenset({NotificationStatus.FAILED, NotificationStatus.DEAD})

_Row = tuple[str, TaskSummary | NotificationRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterFilter:
    """Which dead letters are meant; None takes all. A connection has those of notifications."""

    kind: DeadLetterKind | None = None
    priority: Priority | None = None
    provider: str | None = None
    connection: ConnectionId | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, letter: DeadLetter) -> bool:
        """Whether a dead letter is meant."""
        return (
            self.kind in {None, letter.kind}
            and self.priority in {None, letter.priority}
            and self.provider in {None, letter.provider}
            and self.connection in {None, letter.connection}
            and (self.since is None or letter.created_at >= self.since)
            and (self.until is None or letter.created_at < self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeadLetters:
    """Lists dead letters, those of the newest tasks and notifications first."""

    tasks: TaskStore
    notifications: NotificationStore

    def __call__(
        self, wanted: DeadLetterFilter, *, limit: int, after: str | None = None
    ) -> Page[DeadLetter]:
        """One page of at most `limit` dead letters behind the position `after`."""
        window = Window(since=wanted.since, until=wanted.until, after=after, chunk=limit + 1)
        return collect_page(self._letters(wanted, window), limit)

    def _letters(
        self, wanted: DeadLetterFilter, window: Window
    ) -> Iterator[tuple[str, DeadLetter | None]]:
        for chunk in chunked(self._rows(wanted.kind, window), window.chunk):
            tasks = self.tasks.batch_get(
                [row.id for _, row in chunk if isinstance(row, TaskSummary)]
            )
            notes = self.notifications.batch_get(
                [row for _, row in chunk if isinstance(row, NotificationRef)]
            )
            letters = {
                str(task.id): task_dead_letter(task) for task in tasks.values() if task.dead
            } | {
                str(note.id): notification_dead_letter(note)
                for note in notes.values()
                if note.status is NotificationStatus.DEAD
            }
            for place, row in chunk:
                name = row.id if isinstance(row, TaskSummary) else row.notification
                letter = letters.get(name)
                yield place, letter if letter and wanted.fits(letter) else None

    def _rows(self, kind: DeadLetterKind | None, window: Window) -> Iterator[_Row]:
        """What may be dead: failed tasks, whatever they failed for, and dead notifications."""
        lists: list[Iterator[_Row]] = []
        if kind is not DeadLetterKind.NOTIFICATION:
            tasks = self.tasks.newest([TaskStatus.FAILED], window)
            lists.append((list_position(task.created_at, task.id), task) for task in tasks)
        if kind is not DeadLetterKind.TASK:
            notes = self.notifications.newest([NotificationStatus.DEAD], window)
            lists.append((owed.position, owed) for owed in notes)
        return heapq.merge(*lists, key=lambda row: row[0], reverse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterRef:
    """One task; or one notification of it, or all of them."""

    task: TaskId
    notification: NotificationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveResult:
    """What got new attempts, and what did not and why; `after` is as of a page."""

    letters: Sequence[DeadLetter]
    refused: Sequence[tuple[DeadLetter, str]] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveDeadLetters:
    """Gives dead letters new attempts: a task is retried, a notification owed once more.

    With `dry_run` it only says which.
    """

    dead: ListDeadLetters
    retry: RetryTask
    redeliver: RedeliverNotification

    def __call__(
        self,
        wanted: DeadLetterFilter,
        named: DeadLetterRef | None,
        *,
        limit: int,
        after: str | None = None,
        by: str,
        dry_run: bool,
    ) -> RedriveResult:
        """One page of at most `limit` dead letters behind the position `after`, or those named.

        What has moved on meanwhile is refused.

        Raises NotFound, Conflict where what is named is neither dead nor failed.
        """
        page = self._named(wanted, named) if named else self.dead(wanted, limit=limit, after=after)
        done, refused = [], []
        for letter in page.items:
            try:
                self._redrive(letter, by, dry_run=dry_run)
            except (Conflict, NotFound) as gone:
                refused.append((letter, gone.reason))
            else:
                done.append(letter)
        return RedriveResult(letters=done, refused=refused, after=page.after)

    def _named(self, wanted: DeadLetterFilter, named: DeadLetterRef) -> Page[DeadLetter]:
        letters = self._letters(wanted.kind, named)
        return Page(items=[letter for letter in letters if wanted.fits(letter)], after=None)

    def _letters(self, kind: DeadLetterKind | None, named: DeadLetterRef) -> Sequence[DeadLetter]:
        if kind is DeadLetterKind.TASK:
            task = self.dead.tasks.get(named.task)
            if task.status is not TaskStatus.FAILED:
                raise Conflict(f"the task is {task.status}")
            return [task_dead_letter(task)]
        if named.notification is None:
            notes = self.dead.notifications.of_task(named.task)
            return [notification_dead_letter(note) for note in notes if note.status in _ENDED]
        note = self.dead.notifications.get(named.task, named.notification)
        if note.status not in _ENDED:
            raise Conflict(f"the notification is {note.status}")
        return [notification_dead_letter(note)]

    def _redrive(self, letter: DeadLetter, by: str, *, dry_run: bool) -> None:
        if dry_run:
            return
        if letter.notification_id:
            self.redeliver(letter.task_id, letter.notification_id)
        else:
            self.retry(letter.task_id, None, by=by)
