"""A backup has everything that is truth, and its restore puts all of it back."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.backup.archive import (
    Archive,
    ArchiveEntry,
    ArchiveHeader,
    ArchiveWriter,
    compressed,
    open_archive,
)
from cli.backup.contents import (
    KEPT_STATE,
    BackupPart,
)
from cli.backup.run import Placed, compare_backup, restore_backup, write_backup
from cli.errors import CommandError
from signalbox.aws import table_keys
from signalbox.aws.compression import pack_record
from signalbox.models.dependencies import related
from signalbox.models.task import Priority, TaskStatus
from tests.builders import NOW, a_task
from tests.fakes.backup import FakeBackupStorage

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

HEADER = ArchiveHeader(version="1.2.3", stack="signalbox", region="us-east-1", at=NOW)


def an_item(pk: str, sk: str = "", **attributes: str) -> Item:
    keys = {"pk": {"S": pk}} | ({"sk": {"S": sk}} if sk else {})
    return keys | {name: {"S": text} for name, text in attributes.items()}  # type: ignore[return-value]  # its type has all kinds of attributes


TASK = a_task(priority=Priority.HIGH)
TASK_ITEM: Item = {
    "pk": {"S": table_keys.task_pk(TASK.id)},
    "sk": {"S": table_keys.TASK_SORT},
    "doc": {"B": pack_record("task", TASK.model_dump_json())},
    "list_pk": {"S": table_keys.listing_pk(TaskStatus.PENDING, 0)},
    "version": {"N": "1"},
}
NOTIFICATION = an_item(table_keys.task_pk(TASK.id), "NOTIFICATION#ntf_1")


def a_stack() -> FakeBackupStorage:
    storage = FakeBackupStorage(secrets=("keys/cursor", "sources/github/default"))
    storage.hold(BackupPart.TASKS, TASK_ITEM, NOTIFICATION)
    storage.hold(BackupPart.DELIVERIES, an_item("dlv_1", doc="a"), an_item("REJECTED#1"))
    storage.hold(BackupPart.CONFIG, an_item("KEY", "1", doc="hash"), an_item("NETWORKS", "github"))
    storage.hold(BackupPart.STATE, an_item("REFERENCE#jira#tsk_1"), an_item("COUNTS#tasks"))
    storage.hold(BackupPart.AUDIT, an_item("AUDIT#2026-03-01", "00000001", doc="{}"))
    storage.bodies["dlv_1/abc"] = b"\x00\xff large"
    return storage


def backed_up(storage: FakeBackupStorage, path: Path) -> Archive:
    with compressed(path) as file:
        write_backup(storage, ArchiveWriter(file=file), HEADER)
    return open_archive(path)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return backed_up(a_stack(), tmp_path / "backup")


def rewritten(path: Path, lines: Sequence[bytes]) -> Path:
    path.write_bytes(gzip.compress(b"".join(lines)))
    return path


def lines_of(archive: Archive) -> list[bytes]:
    return gzip.decompress(archive.path.read_bytes()).splitlines(keepends=True)


def test_a_backup_counts_what_is_kept_and_leaves_the_rest_out(archive: Archive) -> None:
    assert archive.header == HEADER
    assert archive.end.counts == {
        "Audit": 1,
        "Bodies": 1,
        "Config": 1,
        "Deliveries": 1,
        "Secrets": 2,
        "State": 1,
        "Tasks": 2,
    }


def test_only_the_owner_can_read_a_backup(archive: Archive) -> None:
    assert archive.path.stat().st_mode & 0o777 == 0o600


def test_a_restored_stack_has_all_of_it(archive: Archive) -> None:
    empty = FakeBackupStorage()

    report = restore_backup(empty, archive)

    assert compare_backup(empty, archive).total(Placed.PRESENT) == 7
    assert empty.tables[BackupPart.TASKS] == a_stack().tables[BackupPart.TASKS]
    assert empty.bodies == a_stack().bodies
    assert report.total(Placed.RESTORED) == 7


def test_secrets_are_left_out_and_the_missing_ones_named(archive: Archive) -> None:
    report = restore_backup(FakeBackupStorage(), archive)

    assert report.secrets == ("sources/github/default",)


def test_configuration_comes_first_and_a_task_after_its_notifications(archive: Archive) -> None:
    empty = FakeBackupStorage()

    restore_backup(empty, archive)

    places = [entry.partition(" ")[0] for entry in empty.log]
    assert set(places[:4]) == {BackupPart.STATE, BackupPart.CONFIG, BackupPart.AUDIT}
    assert places[4:] == [
        "Bodies",
        BackupPart.DELIVERIES,
        BackupPart.TASKS,
        BackupPart.TASKS,
        "high",
    ]
    assert empty.log[-2].endswith(" TASK")


def test_a_pending_task_gets_a_message_in_its_queue(archive: Archive) -> None:
    empty = FakeBackupStorage()

    report = restore_backup(empty, archive)

    assert empty.log[-1] == f"high {TASK.id}"
    assert report.messages == 1


def test_a_pending_task_that_waits_for_another_gets_no_message(tmp_path: Path) -> None:
    stack, empty = a_stack(), FakeBackupStorage()
    document = related(TASK, waits_for=(a_task().id,)).model_dump_json()
    stack.hold(BackupPart.TASKS, {**TASK_ITEM, "doc": {"B": pack_record("task", document)}})

    report = restore_backup(empty, backed_up(stack, tmp_path / "backup"))

    assert report.messages == 0


@pytest.mark.parametrize(
    "table", [BackupPart.TASKS, BackupPart.DELIVERIES, BackupPart.CONFIG, BackupPart.AUDIT]
)
def test_a_stack_that_is_not_empty_is_refused(archive: Archive, table: str) -> None:
    storage = FakeBackupStorage()
    storage.hold(table, an_item("other", "item"))

    with pytest.raises(CommandError, match=f"{table} of this stack is not empty"):
        restore_backup(storage, archive)

    assert storage.log == []


def test_with_into_existing_another_item_is_kept_and_reported(archive: Archive) -> None:
    storage = FakeBackupStorage()
    storage.hold(BackupPart.CONFIG, an_item("KEY", "1", doc="another"))

    report = restore_backup(storage, archive, into_existing=True)

    assert storage.tables[BackupPart.CONFIG]["KEY", "1"]["doc"] == {"S": "another"}
    assert report.counts[BackupPart.CONFIG] == {Placed.DIFFERENT: 1}
    assert report.examples == ("Config KEY 1",)


def test_an_interrupted_restore_is_completed_by_another_run(archive: Archive) -> None:
    for puts in range(7):
        storage = FakeBackupStorage(left=puts)
        with pytest.raises(ConnectionError):
            restore_backup(storage, archive)
        storage.left = None

        restore_backup(storage, archive)

        assert compare_backup(storage, archive).total(Placed.PRESENT) == 7


def test_the_comparison_finds_what_is_missing_or_different(archive: Archive) -> None:
    storage = a_stack()
    del storage.tables[BackupPart.DELIVERIES]["dlv_1", ""]
    storage.bodies["dlv_1/abc"] = b"another"

    report = compare_backup(storage, archive)

    assert report.total(Placed.MISSING) == 1
    assert report.total(Placed.DIFFERENT) == 1
    assert report.examples == ("Bodies dlv_1/abc", "Deliveries dlv_1")


def test_the_id_of_a_write_makes_no_difference(archive: Archive) -> None:
    storage = a_stack()
    storage.hold(BackupPart.TASKS, {**NOTIFICATION, "w": {"S": "another"}})

    assert compare_backup(storage, archive).total(Placed.DIFFERENT) == 0


@pytest.mark.parametrize("missing", range(1, 11))
def test_a_file_without_any_of_its_lines_is_refused(archive: Archive, missing: int) -> None:
    lines = lines_of(archive)
    del lines[missing % len(lines)]

    with pytest.raises(CommandError, match="backup"):
        open_archive(rewritten(archive.path, lines))


def test_a_file_that_ends_early_is_refused(archive: Archive) -> None:
    whole = archive.path.read_bytes()
    archive.path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(CommandError, match="damaged or not complete"):
        open_archive(archive.path)


def test_a_file_with_a_changed_entry_is_refused(archive: Archive) -> None:
    lines = [line.replace(b"hash", b"hush") for line in lines_of(archive)]

    with pytest.raises(CommandError, match="checksum or counts"):
        open_archive(rewritten(archive.path, lines))


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no gzip")

    with pytest.raises(CommandError, match="damaged or not complete"):
        open_archive(tmp_path / "text")
    with pytest.raises(CommandError, match="not a backup"):
        open_archive(rewritten(tmp_path / "json", [b"{}\n"]))
    with pytest.raises(CommandError, match="does not exist"):
        open_archive(tmp_path / "none")


def test_a_later_format_names_the_version_that_reads_it(tmp_path: Path) -> None:
    later = HEADER.model_copy(update={"format": 2, "version": "9.0.0"})
    line = json.dumps(later.model_dump(mode="json")).encode() + b"\n"

    with pytest.raises(CommandError, match=r"format 2, written by version 9\.0\.0"):
        open_archive(rewritten(tmp_path / "later", [line]))


def test_every_kind_of_attribute_survives() -> None:
    file = io.BytesIO()
    item: Item = {
        "pk": {"S": "é\u2028"},
        "b": {"B": b"\x00\xff"},
        "bs": {"BS": [b"\x01"]},
        "m": {"M": {"l": {"L": [{"B": b"\x02"}, {"NULL": True}, {"N": "1.50"}]}}},
        "ss": {"SS": ["a"]},
        "bool": {"BOOL": False},
    }
    storage, restored = FakeBackupStorage(), FakeBackupStorage()
    storage.hold(BackupPart.CONFIG, item)

    write_backup(storage, ArchiveWriter(file=file), HEADER)

    path_lines = file.getvalue().splitlines(keepends=True)
    assert len(path_lines) == 3
    restored.put_new(BackupPart.CONFIG, ArchiveEntry.model_validate_json(path_lines[1]).stored_item)
    assert restored.tables[BackupPart.CONFIG] == storage.tables[BackupPart.CONFIG]


def test_each_prefix_of_the_state_table_is_either_kept_or_begins_anew() -> None:
    begins_anew = {
        "COUNTS#",
        "HISTORY#",
        "REQUESTS#",
        "REJECTED#",
        "RATE#",
        "BURST#",
        "SEND#",
        "PERMISSION#",
        "CIRCUIT#",
        "HEALTH#",
        "INSTANCE#",
        "INSTANCES#",
        "REFRESH#",
        "INCIDENTS",
        "LEASE#",
        "RESTORE#",
    }
    rows = [row.split("|") for row in (table_keys.__doc__ or "").splitlines()]
    state = [row[2].strip(" `") for row in rows if len(row) > 2 and row[1].strip() == "State"]
    prefixes = {pk.partition("#")[0] + ("#" if "#" in pk else "") for pk in state}

    assert prefixes == begins_anew | set(KEPT_STATE)
