"""The storage of a stack in memory, for backups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

from cli.backup.contents import BackupPart
from cli.backup.storage import BackupStorage
from signalbox.models.ids import TaskId
from signalbox.models.task import Priority

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

Key = tuple[str, str]


def _key(item: Item) -> Key:
    return item["pk"]["S"], item.get("sk", {}).get("S", "")


@dataclass(slots=True, kw_only=True)
class FakeBackupStorage(BackupStorage):
    """`log` has what was put and sent, in order. It fails when `left` puts were made."""

    tables: dict[str, dict[Key, Item]] = field(default_factory=lambda: defaultdict(dict))
    bodies: dict[str, bytes] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    log: list[str] = field(default_factory=list)
    left: int | None = None

    def hold(self, table: str, *items: Item) -> None:
        """Have these items in a table."""
        self.tables[table].update({_key(item): item for item in items})

    @override
    def items(self, table: BackupPart) -> Iterator[Item]:
        return iter([self.tables[table][key] for key in sorted(self.tables[table])])

    @override
    def get(self, table: BackupPart, item: Item) -> Item | None:
        return self.tables[table].get(_key(item))

    @override
    def put_new(self, table: BackupPart, item: Item) -> bool:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise ConnectionError("the machine is gone")
        self.log.append(f"{table} {' '.join(_key(item))}".strip())
        return self.tables[table].setdefault(_key(item), item) is item

    @override
    def body_keys(self) -> Iterator[str]:
        return iter(sorted(self.bodies))

    @override
    def body(self, key: str) -> bytes | None:
        return self.bodies.get(key)

    @override
    def put_body(self, key: str, body: bytes) -> None:
        self.log.append(f"Bodies {key}")
        self.bodies[key] = body

    @override
    def secret_names(self) -> Iterator[str]:
        return iter(self.secrets)

    @override
    def send(self, priority: Priority, tasks: Sequence[TaskId]) -> None:
        self.log.extend(f"{priority} {task}" for task in tasks)

    def replace(self, table: BackupPart, before: Item, after: Item) -> bool:
        """Put an item over one with the same document."""
        stored = self.tables[table].get(_key(before), {})
        if stored.get("doc") != before.get("doc"):
            return False
        self.tables[table][_key(after)] = after
        return True

    def delete_body(self, key: str) -> None:
        """Delete a large body."""
        del self.bodies[key]
