"""Rejections in the State table: one item for each source, one update for each write.

The last ones are in a ring of attributes. The next slot follows from the number of writes that this
process saw last; two processes can overwrite the same slot.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import read_document, text_attribute, ttl_attribute
from signalbox.models.base import sortable_time
from signalbox.models.frozen import frozen
from signalbox.models.rejection import MAX_REJECTIONS, Rejection, Rejections
from signalbox.services.ports.deliveries import RejectionStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item, Table

_RETENTION: Final = timedelta(days=7)
_COUNT_PREFIX: Final = "count_"
_SLOT_PREFIX: Final = "place_"


@frozen
class DynamoRejections(RejectionStore):
    """Stores rejections."""

    table: Table
    _writes: dict[str, int] = field(default_factory=dict)

    @override
    def add(self, provider: str, source: str, counts: Mapping[str, int], last: Rejection) -> None:
        name = table_keys.rejections_pk(provider, source)
        place = self._written(name) % MAX_REJECTIONS
        values: dict[str, AttributeValueTypeDef] = {
            ":last": {"S": last.model_dump_json()},
            ":at": {"S": sortable_time(last.at)},
            ":ttl": ttl_attribute(last.at + _RETENTION),
            ":one": {"N": "1"},
        }
        adds = ["#writes :one"]
        for number, (code, count) in enumerate(counts.items()):
            adds.append(f"#{_COUNT_PREFIX}{code} :n{number}")
            values[f":n{number}"] = {"N": str(count)}
        sets = f"#{_SLOT_PREFIX}{place} = :last, #since = if_not_exists(#since, :at), #ttl = :ttl"
        item = self.table.count(
            {"pk": {"S": name}}, f"SET {sets} ADD {', '.join(adds)}", values, new=True
        )
        self._writes[name] = _number(item, "writes")

    @override
    def batch_get(self, sources: Iterable[tuple[str, str]]) -> Sequence[Rejections]:
        names = {table_keys.rejections_pk(*source): source for source in sources}
        items = self.table.batch_get([{"pk": {"S": name}} for name in names])
        found = [_rejections(*names[text_attribute(item, "pk")], item) for item in items]
        return sorted(found, key=lambda each: (each.provider, each.source))

    def _written(self, name: str) -> int:
        if name not in self._writes:
            self._writes[name] = _number(self.table.get({"pk": {"S": name}}) or {}, "writes")
        return self._writes[name]


def _rejections(provider: str, source: str, item: Item) -> Rejections:
    kept = (read_document(Rejection, item, name) for name in item if name.startswith(_SLOT_PREFIX))
    return Rejections(
        provider=provider,
        source=source,
        since=datetime.fromisoformat(text_attribute(item, "since")),
        counts={
            name.removeprefix(_COUNT_PREFIX): _number(item, name)
            for name in sorted(item)
            if name.startswith(_COUNT_PREFIX)
        },
        last=tuple(sorted(kept, key=lambda each: each.at, reverse=True)),
    )


def _number(item: Item, name: str) -> int:
    return int(item.get(name, {}).get("N", "0"))
