"""Slots of connections with a rate limit, in memory."""

from datetime import datetime, timedelta

from signalbox.models.delivery_policy import SendRate
from signalbox.models.errors import Unavailable
from signalbox.models.ids import ConnectionId


class FakeSendSlots:
    """A TakeSendSlot. While `down` it raises Unavailable."""

    def __init__(self) -> None:
        self.free_at: dict[ConnectionId, datetime] = {}
        self.down = False

    def __call__(
        self, connection: ConnectionId, rate: SendRate, now: datetime, latest: datetime
    ) -> datetime | None:
        if self.down:
            raise Unavailable("the slots did not answer")
        slot = max(self.free_at.get(connection, now), now)
        if slot > latest:
            return None
        self.free_at[connection] = slot + timedelta(microseconds=rate.interval)
        return slot
