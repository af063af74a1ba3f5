"""The notifications in the Tasks table."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.compression import pack_record
from signalbox.aws.dynamo_table import Table, read_document, text_attribute
from signalbox.aws.tasks import due_attributes
from signalbox.models.base import list_position
from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, NotificationRef
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.pagination import Window
from signalbox.services.ports.notifications import NotificationStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item


@frozen
class DynamoNotifications(NotificationStore):
    """Stores notifications."""

    table: Table

    @override
    def create(self, notification: Notification) -> bool:
        return self.table.put_new(_notification_item(notification))

    @override
    def get(self, task: TaskId, notification: NotificationId) -> Notification:
        item = self.table.get(_notification_key(task, notification))
        if item is None:
            raise NotFound("there is no such notification")
        return _notification_of(item)

    @override
    def replace(self, before: Notification, after: Notification) -> None:
        self.table.put_if(_notification_item(after), {"version": {"N": str(before.version)}})

    @override
    def of_task(self, task: TaskId) -> Sequence[Notification]:
        rows = self.table.query(
            "pk = :pk AND begins_with(sk, :note)",
            {":pk": {"S": table_keys.task_pk(task)}, ":note": {"S": table_keys.NOTIFICATION}},
        )
        return [_notification_of(row) for row in rows]

    @override
    def newest(
        self, statuses: Sequence[NotificationStatus], window: Window
    ) -> Iterator[NotificationRef]:
        standings = {table_keys.index_status(status) for status in statuses}
        partitions = [
            self.table.newest(
                table_keys.NOTIFICATIONS_INDEX,
                "note",
                table_keys.notifications_pk(standing, shard),
                window,
            )
            for standing in sorted(standings)
            for shard in range(table_keys.SHARDS)
        ]
        last = ""
        for row in heapq.merge(
            *partitions, key=lambda row: text_attribute(row, "note_sk"), reverse=True
        ):
            ref = _notification_ref(row)
            if ref.position != last:
                last = ref.position
                yield ref

    @override
    def batch_get(self, refs: Iterable[NotificationRef]) -> Mapping[NotificationId, Notification]:
        items = self.table.batch_get(
            [_notification_key(each.task, each.notification) for each in refs]
        )
        return {note.id: note for note in map(_notification_of, items)}


def _notification_key(task: TaskId, notification: NotificationId) -> Item:
    return {
        "pk": {"S": table_keys.task_pk(task)},
        "sk": {"S": table_keys.notification_sk(notification)},
    }


def _notification_of(item: Item) -> Notification:
    return read_document(Notification, item)


def _notification_ref(row: Item) -> NotificationRef:
    return NotificationRef(
        task=table_keys.task_id_of(text_attribute(row, "pk")),
        notification=NotificationId(
            text_attribute(row, "sk").removeprefix(table_keys.NOTIFICATION)
        ),
        connection=ConnectionId(text_attribute(row, "connection")),
        position=text_attribute(row, "note_sk"),
    )


def _notification_item(notification: Notification) -> dict[str, AttributeValueTypeDef]:
    standing = table_keys.index_status(notification.status)
    item: dict[str, AttributeValueTypeDef] = {
        "pk": {"S": table_keys.task_pk(notification.task_id)},
        "sk": {"S": table_keys.notification_sk(notification.id)},
        "version": {"N": str(notification.version)},
        "doc": {"B": pack_record("notification", notification.model_dump_json())},
        "note_pk": {
            "S": table_keys.notifications_pk(standing, table_keys.shard_of(notification.id))
        },
        "note_sk": {"S": list_position(notification.created_at, notification.id)},
        "connection": {"S": notification.connection},
    }
    if notification.hold and notification.hold.until is None:
        position = list_position(notification.hold.since, notification.id)
        item["due_pk"] = {"S": table_keys.held_pk(table_keys.shard_of(notification.id))}
        item["due_sk"] = {"S": table_keys.held_sk(notification.connection, position)}
    return item | due_attributes(
        notification.id, notification.indexed_due_at, notification.expires_at
    )
