"""The slots of burst caps in the State table: one conditional update for each delivery."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from signalbox.aws import table_keys
from signalbox.aws.arrival_times import ArrivalConflict, move_arrival
from signalbox.models.base import to_microseconds
from signalbox.models.burst import BurstCap
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.aws.dynamo_table import Table
    from signalbox.models.source import Source

_MAX_UPDATES: Final = 3
_TTL: Final = timedelta(days=8)


@frozen
class DynamoBurstSlots:
    """Takes slots. It is a TakeSlot."""

    table: Table
    _seen: dict[str, int] = field(default_factory=dict)

    def __call__(self, source: Source, cap: BurstCap, now: datetime) -> datetime:
        """Return the next slot of the source.

        Raises:
            Unavailable: The table did not answer.
        """
        for _ in range(_MAX_UPDATES):
            arrival = self._update(source, cap, now)
            if arrival is not None:
                return cap.slot(arrival, now)
        raise Unavailable("the slots of the source are contended")

    def _update(self, source: Source, cap: BurstCap, now: datetime) -> int | None:
        """Return the arrival time after this delivery, None if the other form is needed."""
        try:
            arrival = move_arrival(
                self.table,
                table_keys.burst_pk(source.key),
                seen=self._seen.get(source.key, 0),
                at=to_microseconds(now),
                by=cap.interval,
                expires_at=int((now + _TTL).timestamp()),
            ).arrival
        except ArrivalConflict as missed:
            self._seen[source.key] = missed.arrival
            return None
        self._seen[source.key] = arrival
        return arrival
