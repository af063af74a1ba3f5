"""Sequences of connections in memory."""

from signalbox.models.ids import ConnectionId
from signalbox.models.sequence import SequenceBounds, SequenceEntry


class FakeSequenceStore:
    """A SequenceStore."""

    def __init__(self) -> None:
        self.limits: dict[ConnectionId, SequenceBounds] = {}
        self.entries: dict[tuple[ConnectionId, int], SequenceEntry] = {}

    def append(self, connection: ConnectionId, entry: SequenceEntry) -> int:
        position = self.give(connection)
        while (connection, position) in self.entries:
            position = self.give(connection)
        self.entries[connection, position] = entry
        return position

    def give(self, connection: ConnectionId) -> int:
        """Give a position, as whoever dies before it stores the entry."""
        bounds = self.bounds(connection)
        after = bounds.model_copy(update={"last": bounds.last + 1})
        self.limits[connection] = after
        return after.last

    def bounds(self, connection: ConnectionId) -> SequenceBounds:
        return self.limits.get(connection, SequenceBounds())

    def entry(self, connection: ConnectionId, position: int) -> SequenceEntry | None:
        return self.entries.get((connection, position))

    def close(self, connection: ConnectionId, position: int) -> bool:
        return self.entries.setdefault((connection, position), entry := SequenceEntry()) is entry

    def advance(self, connection: ConnectionId, first: int) -> None:
        bounds = self.bounds(connection)
        if first > bounds.first:
            self.limits[connection] = bounds.model_copy(update={"first": first})
