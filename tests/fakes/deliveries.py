"""Deliveries in memory."""

from signalbox.models.delivery import Delivery, packed, unpacked
from signalbox.models.errors import NotFound, Unavailable
from signalbox.models.ids import DeliveryId


class FakeDeliveryStore:
    """A DeliveryStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[DeliveryId, tuple[Delivery, bytes]] = {}
        self.down = False

    def create(self, delivery: Delivery, body: bytes) -> bool:
        self._reach()
        if delivery.id in self.kept:
            return False
        self.kept[delivery.id] = (delivery, packed(body))
        return True

    def get(self, delivery: DeliveryId) -> Delivery:
        return self._found(delivery)[0]

    def body(self, delivery: DeliveryId) -> bytes:
        return unpacked(self._found(delivery)[1])

    def _found(self, delivery: DeliveryId) -> tuple[Delivery, bytes]:
        self._reach()
        if delivery not in self.kept:
            raise NotFound("there is no such delivery")
        return self.kept[delivery]

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the deliveries did not answer")
