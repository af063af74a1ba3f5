"""References in the State table: one item for each task that a connection has an object for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.reference import Reference
from signalbox.services.ports.notifications import ReferenceStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId, TaskId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=30)
"""After its last write; a task that changes later gets a new object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoReferences(ReferenceStore):
    """Stores references."""

    table: Table
    clock: Clock

    @override
    def get(self, connection: ConnectionId, task: TaskId) -> Reference:
        item = self.table.get(_key(connection, task), consistent=True)
        if not item:
            return Reference()
        try:
            return Reference.model_validate_json(text_attribute(item, "doc"))
        except ValidationError:
            raise Unavailable("the record of a reference cannot be read") from None

    @override
    def replace(
        self, connection: ConnectionId, task: TaskId, before: Reference, after: Reference
    ) -> None:
        stored = after.model_copy(update={"version": before.version + 1})
        item: Item = {
            **_key(connection, task),
            "doc": {"S": stored.model_dump_json(exclude_defaults=True)},
            "version": {"N": str(stored.version)},
            "ttl": {"N": str(int((self.clock() + _RETENTION).timestamp()))},
        }
        if before.version:
            self.table.put_if(item, {"version": {"N": str(before.version)}})
        elif not self.table.put_new(item):
            raise WriteConflict("the record has changed meanwhile")


def _key(connection: ConnectionId, task: TaskId) -> Item:
    return {"pk": {"S": table_keys.reference_pk(connection, task)}}
