"""The audit log in its table. The functions may put and query there, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from signalbox.aws import keys
from signalbox.aws.dynamo import text
from signalbox.models.audit import Kept, Row, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signalbox.aws.dynamo import Item, Table

_BEHIND_ALL_NUMBERS: Final = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoAudit:
    """An AuditStore."""

    table: Table

    def append(self, row: Row) -> bool:
        """See the port."""
        return self.table.put_new(
            {
                "pk": {"S": keys.audit(row.day)},
                "sk": {"S": numbered(row.number)},
                "doc": {"S": row.model_dump_json()},
            }
        )

    def newest(self, day: str, *, before: str | None = None, chunk: int = 1) -> Iterator[Kept]:
        """See the port."""
        values: Item = {
            ":pk": {"S": keys.audit(day)},
            ":before": {"S": before or _BEHIND_ALL_NUMBERS},
        }
        condition = "pk = :pk AND sk < :before"
        return map(_kept, self.table.query(condition, values, chunk=chunk, newest_first=True))

    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[Kept]:
        """See the port."""
        return map(
            _kept, self.table.query("pk = :pk", {":pk": {"S": keys.audit(day)}}, chunk=chunk)
        )


def _kept(item: Item) -> Kept:
    return Kept(number=text(item, "sk"), document=text(item, "doc"))
