"""Circuits in the State table: one item for each connection whose circuit ever opened.

An item expires a week after its last write; without an item the circuit is closed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.circuit import Circuit
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.notifications import CircuitStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.ids import ConnectionId
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=7)


@frozen
class DynamoCircuits(CircuitStore):
    """Stores circuits."""

    table: Table
    clock: Clock

    @override
    def get(self, connection: ConnectionId) -> Circuit:
        item = self.table.get(_key(connection), consistent=False)
        return _circuit(item) if item else Circuit()

    @override
    def batch_get(self, connections: Iterable[ConnectionId]) -> Mapping[ConnectionId, Circuit]:
        names = {table_keys.circuit_pk(connection): connection for connection in connections}
        items = self.table.batch_get([{"pk": {"S": key}} for key in names])
        found = {}
        for item in items:
            with suppress(Unavailable):  # skip what another version wrote
                found[names[text_attribute(item, "pk")]] = _circuit(item)
        return found

    @override
    def replace(self, connection: ConnectionId, before: Circuit, after: Circuit) -> None:
        put_version(
            self.table,
            _key(connection),
            after.model_dump_json(),
            before=before.version,
            version=after.version,
            expires_at=self.clock() + _RETENTION,
        )


def _key(connection: ConnectionId) -> Item:
    return {"pk": {"S": table_keys.circuit_pk(connection)}}


def _circuit(item: Item) -> Circuit:
    return read_versioned(Circuit, item, "a circuit")
