"""Redact a person in the items of the tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, JsonValue

from cli.backup.contents import BackupPart
from cli.erase.person import ErasedPerson
from signalbox.aws import table_keys
from signalbox.aws.compression import pack_record, unpack_record
from signalbox.aws.deliveries import BODY_ATTRIBUTES
from signalbox.aws.dynamo_table import text_attribute
from signalbox.models.change import task_summary
from signalbox.models.delivery import Delivery
from signalbox.models.log import Chunk
from signalbox.models.notification import Notification
from signalbox.models.task import Task

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

SCANNED: Final = (BackupPart.DELIVERIES, BackupPart.TASKS)


class StillOpen(Exception):
    """The record is of something that has not finished, and is needed as it is."""


class NotRedactable(Exception):
    """The record would not be valid without the person, or cannot be parsed."""


def redact_item(table: BackupPart, item: Item, person: ErasedPerson) -> Item:
    """Return an item without the person; the same one if they are not in its document.

    Raises:
        StillOpen: It is a task, a notification or a delivery that has not finished.
        NotRedactable: It cannot be parsed, or would not be valid.
    """
    if "doc" not in item:
        return item
    kind, model = _kind_of(table, item)
    try:
        document: JsonValue = json.loads(unpack_record(item["doc"]))
        redacted = person.redacted(document)
        if redacted == document:
            return item
        record = model.model_validate_json(json.dumps(redacted), extra="ignore")
    except ValueError as error:
        raise NotRedactable from error
    if _is_open(record):
        raise StillOpen
    text = json.dumps(redacted, ensure_ascii=False, separators=(",", ":"))
    changed: Item = {**item, "doc": {"B": pack_record(kind, text)} if kind else {"S": text}}
    if not isinstance(record, Task):
        return changed
    summary = task_summary(record).model_dump_json()
    return {**changed, "summary": {"B": pack_record("summary", summary)}}


def _kind_of(table: BackupPart, item: Item) -> tuple[str, type[BaseModel]]:
    """Return how the document of an item is packed, empty if it is text, and its model."""
    sort = text_attribute(item, "sk")
    if table == BackupPart.DELIVERIES:
        return "delivery", Delivery
    if sort == table_keys.TASK_SORT:
        return "task", Task
    return (
        ("notification", Notification) if sort.startswith(table_keys.NOTIFICATION) else ("", Chunk)
    )


def _is_open(record: BaseModel) -> bool:
    match record:
        case Task():
            return not record.finished or record.due_at is not None
        case Notification():
            return record.open
        case Delivery():
            return record.due_at is not None
    return False


def without_body(item: Item) -> Item:
    """Return the item of a delivery without its body."""
    return {name: value for name, value in item.items() if name not in BODY_ATTRIBUTES}
