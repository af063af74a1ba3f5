"""The Tasks table: tasks, their notifications, and what maintenance must look at."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from signalbox.aws import keys
from signalbox.aws.dynamo import Table, read, text
from signalbox.models.base import position, stamp
from signalbox.models.change import TaskSummary, expired, summary_of
from signalbox.models.errors import NotFound
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, NotificationStatus, Owed
from signalbox.models.task import Task, TaskStatus
from signalbox.services.ports import Clock, Overdue, Window

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoTasks:
    """A TaskStore. DynamoDB removes what has expired days later; here it is gone at once."""

    table: Table
    clock: Clock

    def create(self, task: Task) -> bool:
        """See the port."""
        return self.table.put_new(_task_item(task), now=self.clock())

    def get(self, task: TaskId) -> Task:
        """See the port."""
        item = self.table.get(_task_key(task))
        found = task_of(item) if item else None
        if found is None or expired(found, self.clock()):
            raise NotFound("there is no such task")
        return found

    def replace(self, before: Task, after: Task) -> None:
        """See the port. The lease's end is part of what is expected: a heartbeat is no step."""
        self.table.put_over(
            _task_item(after),
            {"version": {"N": str(before.version)}, "lease_until": _lease_until(before)},
        )

    def newest(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskSummary]:
        """See the port."""
        # in the order of a task's life: one that takes a step meanwhile is met again, not missed
        lived = [status for status in TaskStatus if status in statuses]
        shares = [keys.listing(status, shard) for status in lived for shard in range(keys.SHARDS)]
        # a page is made of rows from all of them: twice a fair share of it is mostly enough
        share = replace(window, chunk=-(-2 * window.chunk // max(1, len(shares))))
        partitions = [self.table.newest(keys.LISTING, "list", each, share) for each in shares]
        last = ""
        for row in heapq.merge(*partitions, key=_place, reverse=True):
            # a task that changes its state meanwhile is met in both
            if _place(row) != last:
                last = _place(row)
                yield _summary(row)

    def many(self, tasks: Iterable[TaskId]) -> Mapping[TaskId, Task]:
        """See the port."""
        items = self.table.many([_task_key(task) for task in tasks])
        now = self.clock()
        return {task.id: task for task in map(task_of, items) if not expired(task, now)}

    def oldest(self, status: TaskStatus, *, chunk: int) -> Iterator[TaskSummary]:
        """See the port."""
        partitions = [
            self.table.query(
                "list_pk = :pk",
                {":pk": {"S": keys.listing(status, shard)}},
                index=keys.LISTING,
                chunk=chunk,
            )
            for shard in range(keys.SHARDS)
        ]
        return (_summary(row) for row in heapq.merge(*partitions, key=_place))


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoNotifications:
    """A NotificationStore."""

    table: Table

    def create(self, notification: Notification) -> bool:
        """See the port."""
        return self.table.put_new(_note_item(notification))

    def get(self, task: TaskId, notification: NotificationId) -> Notification:
        """See the port."""
        item = self.table.get(_note_key(task, notification))
        if item is None:
            raise NotFound("there is no such notification")
        return _notification_of(item)

    def replace(self, before: Notification, after: Notification) -> None:
        """See the port."""
        self.table.put_over(_note_item(after), {"version": {"N": str(before.version)}})

    def of_task(self, task: TaskId) -> Sequence[Notification]:
        """See the port."""
        rows = self.table.query(
            "pk = :pk AND begins_with(sk, :note)",
            {":pk": {"S": keys.task(task)}, ":note": {"S": keys.NOTE}},
        )
        return [_notification_of(row) for row in rows]

    def newest(self, statuses: Sequence[NotificationStatus], window: Window) -> Iterator[Owed]:
        """See the port."""
        standings = {keys.standing(status) for status in statuses}
        partitions = [
            self.table.newest(keys.NOTES, "note", keys.notes(standing, shard), window)
            for standing in sorted(standings)
            for shard in range(keys.SHARDS)
        ]
        last = ""
        for row in heapq.merge(*partitions, key=lambda row: text(row, "note_sk"), reverse=True):
            owed = _owed(row)
            if owed.position != last:
                last = owed.position
                yield owed

    def many(self, owed: Iterable[Owed]) -> Mapping[NotificationId, Notification]:
        """See the port."""
        items = self.table.many([_note_key(each.task, each.notification) for each in owed])
        return {note.id: note for note in map(_notification_of, items)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoAgenda:
    """An Agenda, over a sparse index that holds only what is not at rest."""

    table: Table

    def overdue(self, now: datetime, *, latest_first: bool = False) -> Iterator[Overdue]:
        """See the port."""
        shards = [
            self.table.query(
                "due_pk = :pk AND due_sk <= :now",
                {":pk": {"S": keys.due(shard)}, ":now": {"S": stamp(now)}},
                index=keys.DUE,
                chunk=100,
                newest_first=latest_first,
            )
            for shard in range(keys.DUE_SHARDS)
        ]
        # one of each by turns, so that what fills a shard does not keep the others waiting
        for rows in zip_longest(*shards):
            yield from (_overdue(row) for row in rows if row)


def _overdue(row: Item) -> Overdue:
    sort = text(row, "sk")
    note = sort.removeprefix(keys.NOTE) if sort.startswith(keys.NOTE) else None
    return Overdue(
        task=keys.owner(text(row, "pk")), notification=NotificationId(note) if note else None
    )


def _place(row: Item) -> str:
    return text(row, "list_sk")


def _task_key(task: TaskId) -> Item:
    return {"pk": {"S": keys.task(task)}, "sk": {"S": keys.TASK_SORT}}


def _note_key(task: TaskId, notification: NotificationId) -> Item:
    return {"pk": {"S": keys.task(task)}, "sk": {"S": keys.note(notification)}}


def _notification_of(item: Item) -> Notification:
    return read(Notification, item)


def _owed(row: Item) -> Owed:
    return Owed(
        task=keys.owner(text(row, "pk")),
        notification=NotificationId(text(row, "sk").removeprefix(keys.NOTE)),
        connection=ConnectionId(text(row, "connection")),
        position=text(row, "note_sk"),
    )


def _summary(row: Item) -> TaskSummary:
    return read(TaskSummary, row, "summary")


def task_of(item: Item) -> Task:
    """The task that an item of the table, or an image of the stream, holds."""
    return read(Task, item)


def _task_item(task: Task) -> dict[str, AttributeValueTypeDef]:
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": keys.task(task.id)},
        "sk": {"S": keys.TASK_SORT},
        "version": {"N": str(task.version)},
        "doc": {"S": task.model_dump_json(exclude_none=True)},
        "list_pk": {"S": keys.listing(task.status, keys.shard_of(task.id))},
        "list_sk": {"S": position(task.created_at, task.id)},
        "summary": {"S": summary_of(task).model_dump_json()},
    }
    lease_until = _lease_until(task)
    if lease_until:
        item["lease_until"] = lease_until
    return item | _timed(task.id, task.look_at, task.expires_at)


def _note_item(notification: Notification) -> dict[str, AttributeValueTypeDef]:
    standing = keys.standing(notification.status)
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": keys.task(notification.task_id)},
        "sk": {"S": keys.note(notification.id)},
        "version": {"N": str(notification.version)},
        "doc": {"S": notification.model_dump_json()},
        "note_pk": {"S": keys.notes(standing, keys.shard_of(notification.id))},
        "note_sk": {"S": position(notification.created_at, notification.id)},
        "connection": {"S": notification.connection},
    }
    return item | _timed(notification.id, notification.look_at, notification.expires_at)


def _timed(
    identifier: str, look_at: datetime | None, expires_at: datetime | None
) -> dict[str, AttributeValueTypeDef]:
    item: dict[str, AttributeValueTypeDef] = {}
    if look_at:
        item["due_pk"] = {"S": keys.due(keys.shard_of(identifier, keys.DUE_SHARDS))}
        item["due_sk"] = {"S": position(look_at, identifier)}
    if expires_at:
        item["ttl"] = {"N": str(int(expires_at.timestamp()))}
    return item


def _lease_until(task: Task) -> AttributeValueTypeDef | None:
    return {"S": stamp(task.lease.expires_at)} if task.lease else None
