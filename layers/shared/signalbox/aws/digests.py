"""Digests in the State table: one item for each connection and subscription that has some."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.digest import DigestBuckets
from signalbox.models.frozen import frozen
from signalbox.services.ports.notifications import DigestStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId, SubscriptionId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=31)


@frozen
class DynamoDigests(DigestStore):
    """Stores digests."""

    table: Table
    clock: Clock

    @override
    def get(self, connection: ConnectionId, subscription: SubscriptionId) -> DigestBuckets:
        item = self.table.get(_key(connection, subscription), consistent=True)
        return read_versioned(DigestBuckets, item, "a digest") if item else DigestBuckets()

    @override
    def replace(
        self,
        connection: ConnectionId,
        subscription: SubscriptionId,
        before: DigestBuckets,
        after: DigestBuckets,
    ) -> None:
        stored = after.model_copy(update={"version": before.version + 1})
        put_version(
            self.table,
            _key(connection, subscription),
            stored.model_dump_json(),
            before=before.version,
            version=stored.version,
            expires_at=self.clock() + _RETENTION,
        )


def _key(connection: ConnectionId, subscription: SubscriptionId) -> Item:
    return {"pk": {"S": table_keys.digest_pk(connection, subscription)}}
