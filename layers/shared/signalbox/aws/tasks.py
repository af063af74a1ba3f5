"""The Tasks table: tasks, and the index of due items."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.compression import pack_record, unpack_record
from signalbox.aws.dynamo_table import Table, read_document, text_attribute, ttl_attribute
from signalbox.models.base import list_position, sortable_time
from signalbox.models.change import TaskRow, TaskSummary, is_expired, task_row, task_summary
from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.task import Task, TaskStatus
from signalbox.services.pagination import Window
from signalbox.services.ports.tasks import DueIndex, DueItem, TaskStore
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item


@frozen
class DynamoTasks(TaskStore):
    """Stores tasks. Expired tasks are hidden at once; DynamoDB deletes them days later."""

    table: Table
    clock: Clock

    @override
    def create(self, task: Task) -> bool:
        return self.table.put_new(_task_item(task), now=self.clock())

    @override
    def get(self, task: TaskId) -> Task:
        item = self.table.get(_task_key(task))
        found = _task(item) if item else None
        if found is None or is_expired(found, self.clock()):
            raise NotFound("there is no such task")
        return found

    @override
    def replace(self, before: Task, after: Task) -> None:
        # The lease's end is part of what is expected: a heartbeat is no step.
        self.table.put_if(
            _task_item(after),
            {
                "version": {"N": str(before.version)},
                "lease_until": _lease_end(before),
                "revision": _revision(before),
            },
        )

    @override
    def newest(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskSummary]:
        return (_summary(row) for _, row in self._newest(statuses, window))

    @override
    def newest_rows(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[TaskRow]:
        return (
            task_row(position, unpack_record(row.get("summary")))
            for position, row in self._newest(statuses, window)
        )

    def _newest(self, statuses: Sequence[TaskStatus], window: Window) -> Iterator[tuple[str, Item]]:
        """Yield the rows of the tasks, each with its position."""
        # in the order of a task's life: one that takes a step meanwhile is met again, not missed
        lived = [status for status in TaskStatus if status in statuses]
        shares = [
            table_keys.listing_pk(status, shard)
            for status in lived
            for shard in range(table_keys.SHARDS)
        ]
        # a page is made of rows from all of them: twice a fair share of it is mostly enough
        share = replace(window, chunk=-(-2 * window.chunk // max(1, len(shares))))
        partitions = [
            self.table.newest(table_keys.LISTING_INDEX, "list", each, share) for each in shares
        ]
        last = ""
        for row in heapq.merge(*partitions, key=_position, reverse=True):
            # a task that changes its state meanwhile is met in both
            if (position := _position(row)) != last:
                last = position
                yield position, row

    @override
    def batch_get(self, tasks: Iterable[TaskId]) -> Mapping[TaskId, Task]:
        items = self.table.batch_get([_task_key(task) for task in tasks])
        now = self.clock()
        return {task.id: task for task in map(_task, items) if not is_expired(task, now)}

    @override
    def oldest(self, status: TaskStatus, *, chunk: int) -> Iterator[TaskSummary]:
        partitions = [
            self.table.query(
                "list_pk = :pk",
                {":pk": {"S": table_keys.listing_pk(status, shard)}},
                index=table_keys.LISTING_INDEX,
                chunk=chunk,
            )
            for shard in range(table_keys.SHARDS)
        ]
        return (_summary(row) for row in heapq.merge(*partitions, key=_position))


@frozen
class DynamoDueIndex(DueIndex):
    """The index of due items, a sparse index that has unfinished items only."""

    table: Table

    @override
    def overdue(self, now: datetime, *, latest_first: bool = False) -> Iterator[DueItem]:
        shards = [
            self.table.query(
                "due_pk = :pk AND due_sk <= :now",
                {":pk": {"S": table_keys.due_pk(shard)}, ":now": {"S": sortable_time(now)}},
                index=table_keys.DUE_INDEX,
                chunk=100,
                newest_first=latest_first,
            )
            for shard in range(table_keys.DUE_SHARDS)
        ]
        # one of each by turns, so that what fills a shard does not keep the others waiting
        for rows in zip_longest(*shards):
            yield from (due_item(row) for row in rows if row)


def due_item(row: Item) -> DueItem:
    """Return the task or notification in a row of the index of due items."""
    sort = text_attribute(row, "sk")
    note = (
        sort.removeprefix(table_keys.NOTIFICATION)
        if sort.startswith(table_keys.NOTIFICATION)
        else None
    )
    return DueItem(
        task=table_keys.task_id_of(text_attribute(row, "pk")),
        notification=NotificationId(note) if note else None,
    )


def _position(row: Item) -> str:
    return row["list_sk"]["S"]


def _task_key(task: TaskId) -> Item:
    return {"pk": {"S": table_keys.task_pk(task)}, "sk": {"S": table_keys.TASK_SORT}}


def _summary(row: Item) -> TaskSummary:
    return read_document(TaskSummary, row, "summary")


def _summary_text(task: Task) -> str:
    # few tasks are delayed or wait for others, and the index has an entry of each
    absent = {"not_before"} if task.not_before is None else set()
    absent |= set() if task.waits_for else {"waits_for"}
    absent |= set() if task.limited_by else {"limited_by"}
    return task_summary(task).model_dump_json(exclude=absent)


def _task(item: Item) -> Task:
    return read_document(Task, item)


def _task_item(task: Task) -> dict[str, AttributeValueTypeDef]:
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": table_keys.task_pk(task.id)},
        "sk": {"S": table_keys.TASK_SORT},
        "version": {"N": str(task.version)},
        "doc": {"B": pack_record("task", task.model_dump_json(exclude_none=True))},
        "list_pk": {"S": table_keys.listing_pk(task.status, table_keys.shard_of(task.id))},
        "list_sk": {"S": list_position(task.created_at, task.id)},
        "summary": {"B": pack_record("summary", _summary_text(task))},
    }
    lease_until = _lease_end(task)
    if lease_until:
        item["lease_until"] = lease_until
    if revision := _revision(task):
        item["revision"] = revision
    return item | due_attributes(task.id, task.indexed_due_at, task.expires_at)


def due_attributes(
    identifier: str, due_at: datetime | None, expires_at: datetime | None
) -> dict[str, AttributeValueTypeDef]:
    """Return the keys in the index of due items, and when the item expires."""
    item: dict[str, AttributeValueTypeDef] = {}
    if due_at:
        item["due_pk"] = {
            "S": table_keys.due_pk(table_keys.shard_of(identifier, table_keys.DUE_SHARDS))
        }
        item["due_sk"] = {"S": list_position(due_at, identifier)}
    if expires_at:
        item["ttl"] = ttl_attribute(expires_at)
    return item


def _lease_end(task: Task) -> AttributeValueTypeDef | None:
    return {"S": sortable_time(task.lease.expires_at)} if task.lease else None


def _revision(task: Task) -> AttributeValueTypeDef | None:
    return {"N": str(task.relations.revision)} if task.relations else None
