"""The locks of refresh tokens in the State table: one item for each connection that has some."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.frozen import frozen
from signalbox.models.grants import RefreshLock
from signalbox.services.ports.grants import RefreshLockStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=1)
"""After its last write: an old lock is open, and the store of grants has long shown the newest."""


@frozen
class DynamoRefreshLocks(RefreshLockStore):
    """Stores locks."""

    table: Table
    clock: Clock

    @override
    def get(self, connection: ConnectionId) -> RefreshLock:
        item = self.table.get(_key(connection), consistent=True)
        return read_versioned(RefreshLock, item, "a lock") if item else RefreshLock()

    @override
    def replace(self, connection: ConnectionId, before: RefreshLock, after: RefreshLock) -> None:
        stored = after.model_copy(update={"version": before.version + 1})
        put_version(
            self.table,
            _key(connection),
            stored.model_dump_json(exclude_defaults=True),
            before=before.version,
            version=stored.version,
            expires_at=self.clock() + _RETENTION,
        )


def _key(connection: ConnectionId) -> Item:
    return {"pk": {"S": table_keys.refresh_lock_pk(connection)}}
