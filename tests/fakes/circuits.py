"""Circuits in memory."""

from collections.abc import Iterable, Mapping

from signalbox.models.circuit import Circuit
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.ids import ConnectionId


class FakeCircuitStore:
    """A CircuitStore that remembers its calls. While `down` it raises Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[ConnectionId, Circuit] = {}
        self.calls: list[str] = []
        self.down = False

    def get(self, connection: ConnectionId) -> Circuit:
        self._reach("get")
        return self.kept.get(connection, Circuit())

    def batch_get(self, connections: Iterable[ConnectionId]) -> Mapping[ConnectionId, Circuit]:
        self._reach("batch_get")
        return {each: self.kept[each] for each in connections if each in self.kept}

    def replace(self, connection: ConnectionId, before: Circuit, after: Circuit) -> None:
        self._reach("replace")
        if self.kept.get(connection, Circuit()).version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[connection] = after

    def _reach(self, call: str) -> None:
        self.calls.append(call)
        if self.down:
            raise Unavailable("the circuits did not answer")
