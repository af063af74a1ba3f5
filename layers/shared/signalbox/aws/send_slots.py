"""The slots of connections with a rate limit, in the State table: one conditional update for each.

The arrival time is never moved beyond the latest slot that a notification can use, so those that
are given up take none.
"""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.arrival_times import ArrivalConflict, move_arrival
from signalbox.models.base import EPOCH, to_microseconds
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.notifications import TakeSendSlot

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.aws.dynamo_table import Table
    from signalbox.models.delivery_policy import SendRate
    from signalbox.models.ids import ConnectionId

_MAX_UPDATES: Final = 3
_TTL: Final = timedelta(days=8)
_NEAR: Final = timedelta(milliseconds=100)
"""A slot that is so near is used at once: a queue counts in seconds."""


@frozen
class DynamoSendSlots(TakeSendSlot):
    """Takes slots of connections."""

    table: Table
    _seen: dict[ConnectionId, int] = field(default_factory=dict)

    @override
    def __call__(
        self, connection: ConnectionId, rate: SendRate, now: datetime, latest: datetime
    ) -> datetime | None:
        for _ in range(_MAX_UPDATES):
            if self._seen.get(connection, 0) > to_microseconds(latest):
                return None
            try:
                arrival = self._update(connection, rate, now, latest)
            except ArrivalConflict as missed:
                self._seen[connection] = missed.arrival
                continue
            self._seen[connection] = arrival
            slot = EPOCH + timedelta(microseconds=arrival - rate.interval)
            return slot if slot - now >= _NEAR else now
        raise Unavailable("the slots of the connection are contended")

    def _update(
        self, connection: ConnectionId, rate: SendRate, now: datetime, latest: datetime
    ) -> int:
        """Return the arrival time after the notification.

        Raises:
            ArrivalConflict: The condition did not hold.
            Unavailable: The table did not answer.
        """
        return move_arrival(
            self.table,
            table_keys.send_rate_pk(connection),
            seen=self._seen.get(connection, 0),
            at=to_microseconds(now),
            by=rate.interval,
            latest=to_microseconds(latest),
            expires_at=int((now + _TTL).timestamp()),
        ).arrival
