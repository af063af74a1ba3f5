"""Write a backup, restore it, and compare it with a stack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from cli.backup.archive import (
    Archive,
    ArchiveEnd,
    ArchiveEntry,
    ArchiveHeader,
    ArchiveWriter,
    body_entry,
    item_entry,
)
from cli.backup.contents import (
    BACKUP_ORDER,
    RESTORE_STAGES,
    BackupPart,
    is_kept,
    is_last_of_partition,
    item_name,
)
from cli.backup.storage import BackupStorage
from cli.errors import CommandError
from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import read_document, text_attribute
from signalbox.models.task import Priority, Task, TaskStatus
from signalbox.services.pagination import chunked

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

_CHUNK: Final = 200
_THREADS: Final = 8
_EXAMPLES: Final = 20
_WRITE_ID: Final = "w"
"""An attribute that only recognises a repeated write."""

_OWN_KEYS: Final = "keys/"
_MUST_BE_EMPTY: Final = (
    BackupPart.TASKS,
    BackupPart.DELIVERIES,
    BackupPart.CONFIG,
    BackupPart.AUDIT,
)


class Placed(StrEnum):
    """What became of an entry of a backup."""

    RESTORED = "restored"
    PRESENT = "present"
    DIFFERENT = "different"
    MISSING = "missing"


class RestoreReport(BaseModel):
    """How many entries were restored, present or different, by part, and what is left to do.

    `examples` are keys of entries that differ or are missing; `secrets` are the names of those
    that the stack lacks.
    """

    model_config = ConfigDict(frozen=True)

    counts: dict[str, dict[Placed, int]]
    messages: int = 0
    examples: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def total(self, placed: Placed) -> int:
        """Return the number of entries of all parts of which this became."""
        return sum(counts.get(placed, 0) for counts in self.counts.values())


def write_backup(
    storage: BackupStorage, writer: ArchiveWriter, header: ArchiveHeader
) -> ArchiveEnd:
    """Write everything that is kept, item by item, and return the last line."""
    writer.begin(header)
    for part in BACKUP_ORDER:
        for entry in _entries(storage, part):
            writer.add(entry)
    for name in sorted(storage.secret_names()):
        writer.add(ArchiveEntry(part=BackupPart.SECRETS, key=name))
    return writer.end()


def _entries(storage: BackupStorage, part: BackupPart) -> Iterator[ArchiveEntry]:
    if part == BackupPart.BODIES:
        bodies = ((key, storage.body(key)) for key in storage.body_keys())
        return (body_entry(key, body) for key, body in bodies if body is not None)
    return (item_entry(part, item) for item in storage.items(part) if is_kept(part, item))


def restore_backup(
    storage: BackupStorage, archive: Archive, *, into_existing: bool = False
) -> RestoreReport:
    """Put every entry that is not there, send messages for pending tasks, and report.

    An existing item is never changed, so that a restore that was interrupted can be run again.

    Raises:
        CommandError: The stack is not empty, and no restore of this backup has begun in it.
    """
    mark: Item = {"pk": {"S": table_keys.restore_pk(archive.end.sha256)}}
    if not into_existing and storage.get(BackupPart.STATE, mark) is None:
        _require_empty(storage)
    storage.put_new(BackupPart.STATE, mark)
    run = _Restore(storage=storage)
    with ThreadPoolExecutor(_THREADS, "restore") as pool:
        for stage in RESTORE_STAGES:
            for chunk in chunked(archive.entries(stage), _CHUNK):
                run.chunk(chunk, pool)
    return run.report(missing_secrets(storage, archive))


def compare_backup(storage: BackupStorage, archive: Archive) -> RestoreReport:
    """Compare every entry with the stack and report what is missing or different."""
    run = _Restore(storage=storage)
    with ThreadPoolExecutor(_THREADS, "compare") as pool:
        for stage in RESTORE_STAGES:
            for chunk in chunked(archive.entries(stage), _CHUNK):
                run.record(chunk, pool.map(run.compared, chunk))
    return run.report(missing_secrets(storage, archive))


def missing_secrets(storage: BackupStorage, archive: Archive) -> tuple[str, ...]:
    """Return the names of the secrets that the backed up stack had and this one lacks.

    Keys that a stack makes for itself are none of them.
    """
    there = set(storage.secret_names())
    names = (entry.key or "" for entry in archive.entries((BackupPart.SECRETS,)))
    return tuple(name for name in names if name not in there and not name.startswith(_OWN_KEYS))


def _require_empty(storage: BackupStorage) -> None:
    for table in _MUST_BE_EMPTY:
        if any(is_kept(table, item) for item in storage.items(table)):
            raise CommandError(
                f"the table {table} of this stack is not empty; restore into a new stack, or "
                "with --into-existing, which keeps what is there"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restore:
    storage: BackupStorage
    counts: dict[str, Counter[Placed]] = field(default_factory=lambda: defaultdict(Counter))
    examples: list[str] = field(default_factory=list)
    sent: Counter[Priority] = field(default_factory=Counter)

    def chunk(self, chunk: list[ArchiveEntry], pool: ThreadPoolExecutor) -> None:
        """Restore entries, those that the others of their partition precede after all others."""
        first = [each for each in chunk if not _is_last(each)]
        last = [each for each in chunk if _is_last(each)]
        for entries in (first, last):
            self.record(entries, pool.map(self._placed, entries))
        pending = list(filter(None, map(_pending_task, last)))
        for priority in Priority:
            if tasks := [task.id for task in pending if task.priority is priority]:
                self.storage.send(priority, tasks)
                self.sent[priority] += len(tasks)

    def record(self, entries: Iterable[ArchiveEntry], outcomes: Iterable[Placed]) -> None:
        for entry, placed in zip(entries, outcomes, strict=True):
            self.counts[entry.part][placed] += 1
            odd = placed in {Placed.DIFFERENT, Placed.MISSING}
            if odd and len(self.examples) < _EXAMPLES:
                self.examples.append(_named(entry))

    def compared(self, entry: ArchiveEntry) -> Placed:
        """Return whether the stack has the entry as it is in the backup."""
        if entry.part == BackupPart.BODIES:
            there = self.storage.body(entry.key or "")
            if there is None:
                return Placed.MISSING
            return Placed.PRESENT if there == entry.stored_body else Placed.DIFFERENT
        return self._compared_item(entry.part, entry.stored_item)

    def report(self, secrets: tuple[str, ...]) -> RestoreReport:
        return RestoreReport(
            counts={part: dict(counts) for part, counts in self.counts.items()},
            messages=self.sent.total(),
            examples=tuple(self.examples),
            secrets=secrets,
        )

    def _placed(self, entry: ArchiveEntry) -> Placed:
        if entry.part == BackupPart.BODIES:
            self.storage.put_body(entry.key or "", entry.stored_body)
            return Placed.RESTORED
        item = entry.stored_item
        if self.storage.put_new(entry.part, item):
            return Placed.RESTORED
        return self._compared_item(entry.part, item)

    def _compared_item(self, table: BackupPart, item: Item) -> Placed:
        stored = self.storage.get(table, item)
        if stored is None:
            return Placed.MISSING
        return Placed.PRESENT if _comparable(stored) == _comparable(item) else Placed.DIFFERENT


def _is_last(entry: ArchiveEntry) -> bool:
    return entry.item is not None and is_last_of_partition(entry.part, entry.encoded_item)


def _pending_task(entry: ArchiveEntry) -> Task | None:
    """Return the task that waits for a worker, None if the entry is of another."""
    if not text_attribute(entry.encoded_item, "list_pk").startswith(TaskStatus.PENDING):
        return None
    task = read_document(Task, entry.stored_item)
    return None if task.waits_for else task


def _comparable(item: Item) -> Mapping[str, object]:
    return {name: value for name, value in item.items() if name != _WRITE_ID}


def _named(entry: ArchiveEntry) -> str:
    return f"{entry.part} {entry.key if entry.item is None else item_name(entry.encoded_item)}"
