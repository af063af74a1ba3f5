"""The sequences of connections in the State table.

An item for each connection has the bounds, and one for each position the notification there. A
position is given by adding one, so it is after all others whoever gives one at the same time. What
dies before it stores the entry leaves a position that is closed by the first who comes to it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, aws_unavailable, text_attribute, ttl_attribute
from signalbox.aws.errors import CONDITION_FAILED, error_code
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.sequence import SequenceBounds, SequenceEntry
from signalbox.services.ports.notifications import SequenceStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=60)
"""For longer than a notification is held. One whose entry has expired gets another position."""

_MAX_TRIES: Final = 5


@frozen
class DynamoSequences(SequenceStore):
    """Stores sequences."""

    table: Table
    clock: Clock

    @override
    def append(self, connection: ConnectionId, entry: SequenceEntry) -> int:
        for _ in range(_MAX_TRIES):
            bounds = self.table.count(
                _key(connection), "ADD #last :one", {":one": {"N": "1"}}, new=True
            )
            position = int(bounds["last"]["N"])
            if self._put(connection, position, entry):
                return position
        raise Unavailable("the sequence is contended")

    @override
    def bounds(self, connection: ConnectionId) -> SequenceBounds:
        item = self.table.get(_key(connection)) or {}
        return SequenceBounds(
            first=int(item.get("first", {}).get("N", "1")),
            last=int(item.get("last", {}).get("N", "0")),
        )

    @override
    def entry(self, connection: ConnectionId, position: int) -> SequenceEntry | None:
        item = self.table.get(_key(connection, position))
        return SequenceEntry.model_validate_json(text_attribute(item, "doc")) if item else None

    @override
    def close(self, connection: ConnectionId, position: int) -> bool:
        return self._put(connection, position, SequenceEntry())

    @override
    def advance(self, connection: ConnectionId, first: int) -> None:
        try:
            with aws_unavailable("the store"):
                self.table.client.update_item(
                    TableName=self.table.name,
                    Key=_key(connection),
                    UpdateExpression="SET #first = :first",
                    ConditionExpression="attribute_not_exists(#first) OR #first < :first",
                    ExpressionAttributeNames={"#first": "first"},
                    ExpressionAttributeValues={":first": {"N": str(first)}},
                )
        except Unavailable as unavailable:
            if error_code(unavailable.__cause__) != CONDITION_FAILED:
                raise

    def _put(self, connection: ConnectionId, position: int, entry: SequenceEntry) -> bool:
        return self.table.put_new(
            {
                **_key(connection, position),
                "doc": {"S": entry.model_dump_json(exclude_none=True)},
                "ttl": ttl_attribute(self.clock() + _RETENTION),
            }
        )


def _key(connection: ConnectionId, position: int | None = None) -> Item:
    return {"pk": {"S": table_keys.sequence_pk(connection, position)}}
