"""The Audit table. The functions are allowed to put items and to query, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import text_attribute
from signalbox.models.audit import AuditRecord, StoredRecord, record_number
from signalbox.models.frozen import frozen
from signalbox.services.ports.auth import AuditStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalbox.aws.dynamo_table import Item, Table

_AFTER_ALL_NUMBERS: Final = ":"


@frozen
class DynamoAudit(AuditStore):
    """Stores the audit log."""

    table: Table

    @override
    def append(self, row: AuditRecord) -> bool:
        return self.table.put_new(
            {
                "pk": {"S": table_keys.audit_pk(row.day)},
                "sk": {"S": record_number(row.number)},
                "doc": {"S": row.model_dump_json()},
            }
        )

    @override
    def newest(
        self, day: str, *, before: str | None = None, chunk: int = 1
    ) -> Iterator[StoredRecord]:
        values: Item = {
            ":pk": {"S": table_keys.audit_pk(day)},
            ":before": {"S": before or _AFTER_ALL_NUMBERS},
        }
        condition = "pk = :pk AND sk < :before"
        return map(_record, self.table.query(condition, values, chunk=chunk, newest_first=True))

    @override
    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[StoredRecord]:
        return map(
            _record,
            self.table.query("pk = :pk", {":pk": {"S": table_keys.audit_pk(day)}}, chunk=chunk),
        )


def _record(item: Item) -> StoredRecord:
    return StoredRecord(number=text_attribute(item, "sk"), document=text_attribute(item, "doc"))
