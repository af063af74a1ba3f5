"""Deliveries in memory."""

from collections.abc import Iterator
from datetime import datetime

from signalbox.models.base import list_position, sortable_time
from signalbox.models.delivery import Delivery, DuplicateCount, StoredDelivery
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.ids import DeliveryId
from signalbox.services.pagination import Window
from signalbox.services.ports.deliveries import DueDelivery


class FakeDeliveryStore:
    """A DeliveryStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[DeliveryId, tuple[Delivery, bytes | None]] = {}
        self.duplicates: dict[DeliveryId, DuplicateCount] = {}
        self.down = False

    def create(self, delivery: Delivery, body: bytes) -> bool:
        self._reach()
        if delivery.id in self.kept:
            return False
        self.kept[delivery.id] = (delivery, body if delivery.keeps_body else None)
        return True

    def get(self, delivery: DeliveryId) -> Delivery:
        return self._found(delivery)[0]

    def get_stored(self, delivery: DeliveryId) -> StoredDelivery:
        kept, body = self._found(delivery)
        repeats = self.duplicates.get(delivery, DuplicateCount())
        return StoredDelivery(delivery=kept, body=body, duplicates=repeats)

    def record_duplicate(self, delivery: DeliveryId, at: datetime) -> Delivery:
        kept, _ = self._found(delivery)
        count = self.duplicates.get(delivery, DuplicateCount()).count
        self.duplicates[delivery] = DuplicateCount(count=count + 1, last_at=at)
        return kept

    def replace(self, before: Delivery, after: Delivery) -> None:
        self._reach()
        kept = self.kept.get(before.id)
        if kept is None or kept[0].version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[after.id] = (after, kept[1] if after.keeps_body else None)

    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        self._reach()
        upper = window.after or (sortable_time(window.until) if window.until else "9")
        lower = sortable_time(window.since) if window.since else "0"
        placed = {
            list_position(each.received_at, each.id): each
            for each, _ in self.kept.values()
            if (each.provider, each.source) == (provider, source)
        }
        for place in sorted(placed, reverse=True):
            if lower <= place < upper:
                yield placed[place]

    def due(self, until: datetime | None = None, *, chunk: int = 100) -> Iterator[DueDelivery]:
        assert chunk > 0
        self._reach()
        found = [
            DueDelivery(
                id=each.id,
                source=f"{each.provider}/{each.source}",
                due_at=each.due_at,
                received_at=each.received_at,
            )
            for each, _ in self.kept.values()
            if each.due_at and (until is None or each.due_at <= until)
        ]
        yield from sorted(found, key=lambda due: (due.due_at, due.id))

    def _found(self, delivery: DeliveryId) -> tuple[Delivery, bytes | None]:
        self._reach()
        if delivery not in self.kept:
            raise NotFound("there is no such delivery")
        return self.kept[delivery]

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the deliveries did not answer")
