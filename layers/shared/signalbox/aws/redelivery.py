"""Missed deliveries in the State table: one item for each source whose provider's log is read.

An item expires a month after its last write.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.redelivery import RedeliveryState
from signalbox.services.ports.redelivery import RedeliveryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.config import Source
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoRedelivery(RedeliveryStore):
    """Stores missed deliveries."""

    table: Table
    clock: Clock

    @override
    def get(self, source: Source) -> RedeliveryState | None:
        item = self.table.get(_key(source))
        return _state(item) if item else None

    @override
    def batch_get(self, sources: Iterable[Source]) -> Mapping[str, RedeliveryState]:
        names = {_pk(source): source.key for source in sources}
        found = {}
        for item in self.table.batch_get([{"pk": {"S": key}} for key in names]):
            with suppress(Unavailable):  # skip what another version wrote
                found[names[text_attribute(item, "pk")]] = _state(item)
        return found

    @override
    def replace(self, source: Source, after: RedeliveryState) -> None:
        item: Item = {
            **_key(source),
            "doc": {"S": after.model_dump_json(exclude_defaults=True)},
            "version": {"N": str(after.version)},
            "ttl": {"N": str(int((self.clock() + _RETENTION).timestamp()))},
        }
        if after.version > 1:
            self.table.put_if(item, {"version": {"N": str(after.version - 1)}})
        elif not self.table.put_new(item):
            raise WriteConflict("the record has changed meanwhile")


def _pk(source: Source) -> str:
    return table_keys.redelivery_pk(source.provider, source.name)


def _key(source: Source) -> Item:
    return {"pk": {"S": _pk(source)}}


def _state(item: Item) -> RedeliveryState:
    try:
        return read_document(RedeliveryState, item)
    except ValidationError:
        raise Unavailable("the record of missed deliveries cannot be read") from None
