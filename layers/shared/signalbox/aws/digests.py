"""Digests in the State table: one item for each connection and subscription that has some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.models.digest import DigestBuckets
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.services.ports.notifications import DigestStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId, SubscriptionId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDigests(DigestStore):
    """Stores digests."""

    table: Table
    clock: Clock

    @override
    def get(self, connection: ConnectionId, subscription: SubscriptionId) -> DigestBuckets:
        item = self.table.get(_key(connection, subscription), consistent=True)
        if not item:
            return DigestBuckets()
        try:
            return DigestBuckets.model_validate_json(text_attribute(item, "doc"))
        except ValidationError:
            raise Unavailable("the record of a digest cannot be read") from None

    @override
    def replace(
        self,
        connection: ConnectionId,
        subscription: SubscriptionId,
        before: DigestBuckets,
        after: DigestBuckets,
    ) -> None:
        stored = after.model_copy(update={"version": before.version + 1})
        item: Item = {
            **_key(connection, subscription),
            "doc": {"S": stored.model_dump_json()},
            "version": {"N": str(stored.version)},
            "ttl": {"N": str(int((self.clock() + _RETENTION).timestamp()))},
        }
        if before.version:
            self.table.put_if(item, {"version": {"N": str(before.version)}})
        elif not self.table.put_new(item):
            raise WriteConflict("the record has changed meanwhile")


def _key(connection: ConnectionId, subscription: SubscriptionId) -> Item:
    return {"pk": {"S": table_keys.digest_pk(connection, subscription)}}
