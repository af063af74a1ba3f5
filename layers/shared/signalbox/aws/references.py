"""References in the State table: one item for each task that a connection has an object for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.frozen import frozen
from signalbox.models.reference import Reference
from signalbox.services.ports.notifications import ReferenceStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId, TaskId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=30)
"""After its last write; a task that changes later gets a new object."""


@frozen
class DynamoReferences(ReferenceStore):
    """Stores references."""

    table: Table
    clock: Clock

    @override
    def get(self, connection: ConnectionId, task: TaskId) -> Reference:
        item = self.table.get(_key(connection, task), consistent=True)
        return read_versioned(Reference, item, "a reference") if item else Reference()

    @override
    def replace(
        self, connection: ConnectionId, task: TaskId, before: Reference, after: Reference
    ) -> None:
        stored = after.model_copy(update={"version": before.version + 1})
        put_version(
            self.table,
            _key(connection, task),
            stored.model_dump_json(exclude_defaults=True),
            before=before.version,
            version=stored.version,
            expires_at=self.clock() + _RETENTION,
        )


def _key(connection: ConnectionId, task: TaskId) -> Item:
    return {"pk": {"S": table_keys.reference_pk(connection, task)}}
