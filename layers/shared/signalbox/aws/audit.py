"""The audit log in its table. The functions may put and query there, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import text_attribute
from signalbox.models.audit import AuditRecord, StoredRecord, record_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalbox.aws.dynamo_table import Item, Table

_BEHIND_ALL_NUMBERS: Final = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoAudit:
    """An AuditStore."""

    table: Table

    def append(self, row: AuditRecord) -> bool:
        """See the port."""
        return self.table.put_new(
            {
                "pk": {"S": table_keys.audit_pk(row.day)},
                "sk": {"S": record_number(row.number)},
                "doc": {"S": row.model_dump_json()},
            }
        )

    def newest(
        self, day: str, *, before: str | None = None, chunk: int = 1
    ) -> Iterator[StoredRecord]:
        """See the port."""
        values: Item = {
            ":pk": {"S": table_keys.audit_pk(day)},
            ":before": {"S": before or _BEHIND_ALL_NUMBERS},
        }
        condition = "pk = :pk AND sk < :before"
        return map(_kept, self.table.query(condition, values, chunk=chunk, newest_first=True))

    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[StoredRecord]:
        """See the port."""
        return map(
            _kept,
            self.table.query("pk = :pk", {":pk": {"S": table_keys.audit_pk(day)}}, chunk=chunk),
        )


def _kept(item: Item) -> StoredRecord:
    return StoredRecord(number=text_attribute(item, "sk"), document=text_attribute(item, "doc"))
