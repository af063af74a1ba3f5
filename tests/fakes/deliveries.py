"""Deliveries in memory."""

from collections.abc import Iterator
from datetime import datetime

from signalbox.models.base import position, stamp
from signalbox.models.delivery import Delivery, KeptDelivery, Repeats, packed, unpacked
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.ids import DeliveryId
from signalbox.services.ports import Window


class FakeDeliveryStore:
    """A DeliveryStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[DeliveryId, tuple[Delivery, bytes]] = {}
        self.repeats: dict[DeliveryId, Repeats] = {}
        self.down = False

    def create(self, delivery: Delivery, body: bytes) -> bool:
        self._reach()
        if delivery.id in self.kept:
            return False
        self.kept[delivery.id] = (delivery, packed(body))
        return True

    def get(self, delivery: DeliveryId) -> Delivery:
        return self._found(delivery)[0]

    def whole(self, delivery: DeliveryId) -> KeptDelivery:
        kept, body = self._found(delivery)
        repeats = self.repeats.get(delivery, Repeats())
        return KeptDelivery(delivery=kept, body=unpacked(body), repeats=repeats)

    def again(self, delivery: DeliveryId, at: datetime) -> Delivery:
        kept, _ = self._found(delivery)
        count = self.repeats.get(delivery, Repeats()).count
        self.repeats[delivery] = Repeats(count=count + 1, last_at=at)
        return kept

    def replace(self, before: Delivery, after: Delivery) -> None:
        self._reach()
        kept = self.kept.get(before.id)
        if kept is None or kept[0].version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[after.id] = (after, kept[1])

    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        self._reach()
        upper = window.after or (stamp(window.until) if window.until else "9")
        lower = stamp(window.since) if window.since else "0"
        placed = {
            position(each.received_at, each.id): each
            for each, _ in self.kept.values()
            if (each.provider, each.source) == (provider, source)
        }
        for place in sorted(placed, reverse=True):
            if lower <= place < upper:
                yield placed[place]

    def _found(self, delivery: DeliveryId) -> tuple[Delivery, bytes]:
        self._reach()
        if delivery not in self.kept:
            raise NotFound("there is no such delivery")
        return self.kept[delivery]

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the deliveries did not answer")
