"""Held notifications: partitions of their own in the index of due items, sorted by connection."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.aws.tasks import due_item
from signalbox.models.base import sortable_time
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.services.ports.notifications import HeldIndex
from signalbox.services.ports.tasks import DueItem

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

_LAST = "~"
_CHUNK = 100


@frozen
class DynamoHeldIndex(HeldIndex):
    """The index of held notifications."""

    table: Table

    @override
    def connections(self) -> Iterator[ConnectionId]:
        last = None
        for connection in heapq.merge(*(self._connections(each) for each in _partitions())):
            if connection != last:
                last = connection
                yield connection

    @override
    def of_connection(
        self, connection: ConnectionId, until: datetime | None = None
    ) -> Iterator[DueItem]:
        low = table_keys.held_sk(connection)
        high = table_keys.held_sk(connection, sortable_time(until) if until else _LAST)
        rows = [self._rows(each, low, high, _CHUNK) for each in _partitions()]
        return (due_item(row) for row in heapq.merge(*rows, key=_position))

    def _connections(self, partition: str) -> Iterator[ConnectionId]:
        """Yield the connections in a partition: one read for each, and one more."""
        after = ""
        while row := next(self._rows(partition, after, _LAST, 1), None):
            connection = table_keys.held_connection(_position(row))
            yield connection
            after = table_keys.after_held(connection)

    def _rows(self, partition: str, low: str, high: str, chunk: int) -> Iterator[Item]:
        return self.table.query(
            "due_pk = :pk AND due_sk BETWEEN :low AND :high",
            {":pk": {"S": partition}, ":low": {"S": low or " "}, ":high": {"S": high}},
            index=table_keys.DUE_INDEX,
            chunk=chunk,
        )


def _partitions() -> list[str]:
    return [table_keys.held_pk(shard) for shard in range(table_keys.SHARDS)]


def _position(row: Item) -> str:
    return text_attribute(row, "due_sk")
