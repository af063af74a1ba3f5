"""Look through all deliveries and tasks for a person, and erase what is theirs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import BaseModel, ConfigDict

from cli.backup.contents import BackupPart, is_kept, item_name
from cli.erase.person import ErasedPerson
from cli.erase.records import SCANNED, NotRedactable, StillOpen, redact_item, without_body
from signalbox.aws.compression import CompressedDataInvalid
from signalbox.aws.deliveries import unpacked_body
from signalbox.aws.dynamo_table import text_attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalbox.aws.dynamo_table import Item

_EXAMPLES: Final = 20


class ErasureStorage(Protocol):
    """What an erasure reads and changes of a stack."""

    def items(self, table: BackupPart) -> Iterator[Item]:
        """Yield every item of a table."""

    def body(self, key: str) -> bytes | None:
        """Return a large body as it is stored, None if there is none."""

    def replace(self, table: BackupPart, before: Item, after: Item) -> bool:
        """Put an item if the stored one has the document of `before`; return whether it had."""

    def delete_body(self, key: str) -> None:
        """Delete a large body."""


class Erasure(StrEnum):
    """What an erasure did, or why it did not."""

    SCANNED = "scanned"
    REDACTED = "redacted"
    BODIES = "bodies deleted"
    OPEN = "not finished"
    CHANGED = "changed meanwhile"
    FAILED = "not redactable"


_LEFT: Final = (Erasure.OPEN, Erasure.CHANGED, Erasure.FAILED)


class ErasureReport(BaseModel):
    """Counts by table, keys of what is left, and configuration that names the person."""

    model_config = ConfigDict(frozen=True)

    person: str
    counts: dict[str, dict[Erasure, int]]
    left: tuple[str, ...]
    configuration: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Return whether nothing is left to erase."""
        kinds = (counts.get(each, 0) for counts in self.counts.values() for each in _LEFT)
        return not any(kinds) and not self.configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePerson:
    """Redact finished records with the person and delete the bodies of webhooks that have them.

    It holds one page of items in memory. What is erased is not found again, so a run that was
    interrupted is completed by another one. With `dry_run` it only counts.
    """

    storage: ErasureStorage
    person: ErasedPerson
    dry_run: bool = False
    _counts: dict[str, Counter[Erasure]] = field(default_factory=dict)
    _left: list[str] = field(default_factory=list)

    def __call__(self) -> ErasureReport:
        """Look through every item, and return the report."""
        for table in SCANNED:
            self._counts[table] = Counter()
            for item in self.storage.items(table):
                if is_kept(table, item):
                    self._counts[table][Erasure.SCANNED] += 1
                    self._erase(table, item)
        return ErasureReport(
            person=self.person.digest,
            counts={table: dict(counts) for table, counts in self._counts.items()},
            left=tuple(self._left),
            configuration=tuple(self._configuration()),
        )

    def _erase(self, table: BackupPart, item: Item) -> None:
        try:
            after = redact_item(table, item, self.person)
        except StillOpen:
            self._leave(table, item, Erasure.OPEN)
            return
        except NotRedactable:
            self._leave(table, item, Erasure.FAILED)
            return
        has_body = table == BackupPart.DELIVERIES and self._is_in_body(item)
        if has_body and "due_pk" in item:
            self._leave(table, item, Erasure.OPEN)
            return
        if has_body:
            after = without_body(after)
        if after is not item:
            self._replace(table, item, after)

    def _replace(self, table: BackupPart, item: Item, after: Item) -> None:
        if not self.dry_run and not self.storage.replace(table, item, after):
            self._leave(table, item, Erasure.CHANGED)
            return
        self._counts[table][Erasure.REDACTED] += 1
        had_body = {"body", "body_key"} & item.keys() - after.keys()
        self._counts[table][Erasure.BODIES] += bool(had_body)
        key = text_attribute(item, "body_key")
        if key and had_body and not self.dry_run:
            self.storage.delete_body(key)

    def _is_in_body(self, item: Item) -> bool:
        """Return whether the body has the person; one that cannot be read is taken as if."""
        key = text_attribute(item, "body_key")
        stored = self.storage.body(key) if key else item.get("body", {}).get("B")
        if stored is None:
            return False
        try:
            body = unpacked_body(item, bytes(stored))
        except CompressedDataInvalid:
            return True
        return self.person.is_in_body(body)

    def _leave(self, table: BackupPart, item: Item, why: Erasure) -> None:
        self._counts[table][why] += 1
        if len(self._left) < _EXAMPLES:
            self._left.append(f"{table} {item_name(item)}: {why}")

    def _configuration(self) -> Iterator[str]:
        for item in self.storage.items(BackupPart.CONFIG):
            if self.person.is_in(text_attribute(item, "doc")):
                yield f"{text_attribute(item, 'pk').lower()} {text_attribute(item, 'sk')}"
