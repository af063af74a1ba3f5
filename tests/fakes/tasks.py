"""Tasks, notifications and the agenda in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from signalbox.models.base import list_position, sortable_time
from signalbox.models.change import TaskRow, TaskSummary, is_expired, task_row, task_summary
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, NotificationRef
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import Task, TaskStatus
from signalbox.services.pagination import Window
from signalbox.services.ports.tasks import DueItem
from tests.builders import NOW


class FakeTaskStore:
    """A TaskStore. While `down` it does nothing but raise Unavailable. Its time stands still."""

    def __init__(self, *tasks: Task) -> None:
        self.kept = {task.id: task for task in tasks}
        self.down = False

    def create(self, task: Task) -> bool:
        self._reach()
        there = self.kept.get(task.id)
        if there and not is_expired(there, NOW):
            return False
        self.kept[task.id] = task
        return True

    def get(self, task: TaskId) -> Task:
        self._reach()
        if task not in self.kept or is_expired(self.kept[task], NOW):
            raise NotFound("there is no such task")
        return self.kept[task]

    def replace(self, before: Task, after: Task) -> None:
        self._reach()
        kept = self.kept.get(before.id)
        if kept is None or _state(kept) != _state(before):
            raise WriteConflict("the record has changed meanwhile")
        self.kept[after.id] = after

    def newest(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskSummary]:
        return (task_summary(task) for _, task in self._newest(statuses, window))

    def newest_rows(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskRow]:
        return (
            task_row(place, task_summary(task).model_dump_json())
            for place, task in self._newest(statuses, window)
        )

    def _newest(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[tuple[str, Task]]:
        self._reach()
        upper = window.after or (sortable_time(window.until) if window.until else "9")
        lower = sortable_time(window.since) if window.since else "0"
        placed = {
            f"{sortable_time(task.created_at)}#{task.id}": task
            for task in self.kept.values()
            if task.status in statuses
        }
        for place in sorted(placed, reverse=True):
            if lower <= place < upper:
                yield place, placed[place]

    def batch_get(self, tasks: Iterable[TaskId]) -> Mapping[TaskId, Task]:
        self._reach()
        there = [self.kept[task] for task in tasks if task in self.kept]
        return {task.id: task for task in there if not is_expired(task, NOW)}

    def oldest(self, status: TaskStatus, *, chunk: int) -> Iterator[TaskSummary]:
        del chunk
        return iter(list(self.newest([status], Window()))[::-1])

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the tasks did not answer")


class FakeNotificationStore:
    """A NotificationStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self, *notifications: Notification) -> None:
        self.kept = {(each.task_id, each.id): each for each in notifications}
        self.down = False

    def create(self, notification: Notification) -> bool:
        self._reach()
        place = (notification.task_id, notification.id)
        return self.kept.setdefault(place, notification) is notification

    def get(self, task: TaskId, notification: NotificationId) -> Notification:
        self._reach()
        if (task, notification) not in self.kept:
            raise NotFound("there is no such notification")
        return self.kept[task, notification]

    def replace(self, before: Notification, after: Notification) -> None:
        self._reach()
        place = (before.task_id, before.id)
        kept = self.kept.get(place)
        if kept is None or kept.version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[place] = after

    def newest(
        self, statuses: Sequence[NotificationStatus], window: Window
    ) -> Iterator[NotificationRef]:
        self._reach()
        upper = window.after or (sortable_time(window.until) if window.until else "9")
        lower = sortable_time(window.since) if window.since else "0"
        refs = [
            NotificationRef(
                task=note.task_id,
                notification=note.id,
                connection=note.connection,
                position=list_position(note.created_at, note.id),
            )
            for note in self.kept.values()
            if note.status in statuses
        ]
        for each in sorted(refs, key=lambda each: each.position, reverse=True):
            if lower <= each.position < upper:
                yield each

    def batch_get(self, refs: Iterable[NotificationRef]) -> Mapping[NotificationId, Notification]:
        self._reach()
        places = [(each.task, each.notification) for each in refs]
        return {place[1]: self.kept[place] for place in places if place in self.kept}

    def of_task(self, task: TaskId) -> Sequence[Notification]:
        self._reach()
        return [note for (owner, _), note in sorted(self.kept.items()) if owner == task]

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the notifications did not answer")


class FakeAgenda:
    """An Agenda over the two stores."""

    def __init__(self, tasks: FakeTaskStore, notifications: FakeNotificationStore) -> None:
        self._tasks = tasks
        self._notifications = notifications

    def overdue(self, now: datetime, *, latest_first: bool = False) -> Iterator[DueItem]:
        tasks = [(task.indexed_due_at, DueItem(task=task.id)) for task in self._tasks.kept.values()]
        notes = [
            (note.indexed_due_at, DueItem(task=note.task_id, notification=note.id))
            for note in self._notifications.kept.values()
        ]
        due = [(at, overdue) for at, overdue in tasks + notes if at and at < now]
        yield from (overdue for _, overdue in sorted(due, key=_at, reverse=latest_first))


class FakeHeldIndex:
    """A HeldIndex over the store."""

    def __init__(self, notifications: FakeNotificationStore) -> None:
        self._notifications = notifications

    def connections(self) -> Iterator[ConnectionId]:
        yield from sorted({note.connection for _, note in self._held()})

    def of_connection(
        self, connection: ConnectionId, until: datetime | None = None
    ) -> Iterator[DueItem]:
        for since, note in self._held():
            if note.connection == connection and (until is None or since < until):
                yield DueItem(task=note.task_id, notification=note.id)

    def _held(self) -> list[tuple[datetime, Notification]]:
        held = [
            (note.hold.since, note)
            for note in self._notifications.kept.values()
            if note.hold and note.hold.until is None
        ]
        return sorted(held, key=lambda each: each[0])


def _at(due: tuple[datetime, DueItem]) -> datetime:
    return due[0]


def _state(task: Task) -> tuple[int, datetime | None, int | None]:
    revision = task.relations.revision if task.relations else None
    return task.version, task.lease.expires_at if task.lease else None, revision
