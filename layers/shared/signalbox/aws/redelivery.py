"""Missed deliveries in the State table: one item for each source whose provider's log is read.

An item expires a month after its last write.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute
from signalbox.aws.versioned import put_version
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.redelivery import RedeliveryState
from signalbox.services.ports.redelivery import RedeliveryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.source import Source
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=30)


@frozen
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
        put_version(
            self.table,
            _key(source),
            after.model_dump_json(exclude_defaults=True),
            before=after.version - 1,
            version=after.version,
            expires_at=self.clock() + _RETENTION,
        )


def _pk(source: Source) -> str:
    return table_keys.redelivery_pk(source.provider, source.name)


def _key(source: Source) -> Item:
    return {"pk": {"S": _pk(source)}}


def _state(item: Item) -> RedeliveryState:
    try:
        return read_document(RedeliveryState, item)
    except ValidationError:
        raise Unavailable("the record of missed deliveries cannot be read") from None
