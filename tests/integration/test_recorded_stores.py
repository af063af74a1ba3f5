"""What an earlier version stored is read, and its work goes on; `make recorded-store` writes it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from cli.backup.archive import ArchiveEntry, open_archive
from cli.backup.contents import BackupPart
from cli.backup.run import restore_backup
from signalbox.aws import table_keys
from signalbox.aws.compression import unpack_record
from signalbox.aws.dynamo_table import read_document, text_attribute
from signalbox.models.base import Model
from signalbox.models.delivery import Delivery
from signalbox.models.notification import Notification
from signalbox.models.task import Task
from tests.drill.record import STORES
from tests.drill.run import lose_everything, storage_of
from tests.integration.installation import Installation
from tests.integration.operators import Operators

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

RECORDED: Final = sorted(STORES.glob("*.jsonl.gz"))
OF_ALL_VERSIONS: Final = pytest.mark.parametrize(
    "path", RECORDED, ids=[path.name.removesuffix(".jsonl.gz") for path in RECORDED]
)


def test_a_store_is_recorded() -> None:
    assert RECORDED


@OF_ALL_VERSIONS
def test_recorded_work_is_listed_claimed_completed_and_notified(
    path: Path, box: Installation
) -> None:
    storage = storage_of(box)
    box.use_refreshed_bot()  # the secrets, which a backup lacks
    lose_everything(box, storage)
    restore_backup(storage, open_archive(path))
    box.make_keys()
    operators = Operators(box)
    connections = operators.ask("GET", "/api/v1/connections").items
    box.use_refreshed_bot()  # the URL of the recorded connection is that of another process
    box.clock.advance(timedelta(hours=1))
    tasks, _ = box.records

    listed = operators.ask("GET", "/api/v1/tasks").items
    box.live(minutes=600)

    assert [each["id"] for each in connections] == ["team-slack"]
    assert {each["id"] for each in listed} == {task.id for task in tasks}
    after, notifications = box.records
    assert not all(task.finished for task in tasks)
    assert all(task.finished for task in after)
    assert len(after) == len(tasks)
    assert {each.status for each in notifications} == {"delivered"}
    assert operators.ask("GET", "/api/v1/deliveries").items


def model_of(entry: ArchiveEntry) -> type[Model] | None:
    if entry.part is BackupPart.DELIVERIES:
        return Delivery
    sort = text_attribute(entry.stored_item, "sk")
    if sort == table_keys.TASK_SORT:
        return Task
    return Notification if sort.startswith("NOTIFICATION#") else None


@OF_ALL_VERSIONS
def test_fields_of_a_later_version_are_ignored(path: Path) -> None:
    read = set[type[Model]]()
    for entry in open_archive(path).entries((BackupPart.TASKS, BackupPart.DELIVERIES)):
        model = model_of(entry)
        if model is None:
            continue
        item = entry.stored_item
        document = json.loads(unpack_record(item["doc"])) | {"of_a_later_version": {"a": [1]}}
        later: Item = {**item, "doc": {"S": json.dumps(document)}, "later": {"N": "1"}}

        assert read_document(model, later) == read_document(model, item)
        read.add(model)

    assert read == {Delivery, Notification, Task}
