"""The burst cap of a source: how many of its deliveries with tasks are interpreted at once.

Deliveries over the cap are deferred to slots, one after the other at the rate of the cap. It is
GCRA, as for rate limits, but whoever is over the limit takes the next free slot instead of nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from signalbox.models.base import EPOCH, Model, to_microseconds

MAX_SLOT_WAIT: Final = timedelta(hours=24)
"""No slot is later, since a deferred delivery must not expire: what is over it shares the last."""

_MICROSECOND: Final = timedelta(microseconds=1)


class BurstWindow(StrEnum):
    """The time that a rate refers to."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"

    def interval(self, rate: int) -> int:
        """Return the microseconds between two of `rate` in this time."""
        return _WINDOWS[self] // _MICROSECOND // rate


_WINDOWS: Final = {
    BurstWindow.SECOND: timedelta(seconds=1),
    BurstWindow.MINUTE: timedelta(minutes=1),
    BurstWindow.HOUR: timedelta(hours=1),
}


class BurstCap(Model):
    """`rate` deliveries in a window, and as many at once."""

    rate: int = Field(ge=1, le=10_000)
    per: BurstWindow = Field(default=BurstWindow.SECOND, strict=False)

    @property
    def interval(self) -> int:
        """Return the microseconds between two slots."""
        return self.per.interval(self.rate)

    def arrival_after(self, arrival: int, now: datetime) -> int:
        """Return the arrival time after another delivery, in microseconds since 1970.

        The arrival time is when all slots so far have passed.
        """
        return max(arrival, to_microseconds(now)) + self.interval

    def slot(self, arrival_after: int, now: datetime) -> datetime:
        """Return the slot of the delivery that moved the arrival time to this one."""
        at = EPOCH + (arrival_after - self.rate * self.interval) * _MICROSECOND
        return min(max(at, now), now + MAX_SLOT_WAIT)

    def __str__(self) -> str:
        """Return the cap as it is read, such as `20 per second`."""
        return f"{self.rate} per {self.per}"
