"""Rate limits of which processes take several requests at once.

A lot is a part of a burst that one process holds for its next requests. It is kept apart from the
bucket until it is used up or has expired, and only then taken from the rate of the caller. So what
is left in the bucket and in all lots together is never more than a burst and grows at the rate of
the limit: the caller never gets a request that GCRA without lots would refuse.
"""

from datetime import timedelta
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.rate_limits import RateLimit

LOT_SIZE: Final = 4
"""The size of a lot of a caller that is not busy."""

LOT_LIFETIME: Final = timedelta(minutes=10)
"""For how long a lot may be used: a few heartbeats. Of a process that ends, it is lost so long."""

_RESERVED_PART: Final = 10
_FREE_PART: Final = 2


@frozen
class HeldLot:
    """Some requests that one process holds until a time, in microseconds."""

    id: str
    size: int
    until: int


@frozen
class Bucket:
    """The arrival time of a caller, and the lots that are not taken from its rate yet."""

    arrival: int = 0
    lots: tuple[HeldLot, ...] = ()

    def level(self, limit: RateLimit, at: int) -> int:
        """Return the arrival time that it would have if all lots were used up."""
        return max(self.arrival, at) + sum(lot.size for lot in self.lots) * limit.interval


@frozen
class BucketChange:
    """One change of a bucket: its arrival time moves `by` so much, and is not after `latest` now.

    With `lots` None the lots stay as they are, whichever there are.
    """

    by: int
    latest: int
    lots: tuple[HeldLot, ...] | None = None


def reserve_of(limit: RateLimit) -> int:
    """Return how many requests all lots together may have; 0 if the burst is too small for lots."""
    reserve = limit.burst // _RESERVED_PART
    return reserve if reserve >= LOT_SIZE else 0


def single_request(bucket: Bucket, limit: RateLimit, at: int) -> BucketChange:
    """Return the change that counts one request.

    While there is enough left, it holds with any lots; otherwise with those that are known.
    """
    least = at + limit.capacity - (reserve_of(limit) + 1) * limit.interval
    if max(bucket.arrival, at) <= least:
        return BucketChange(by=limit.interval, latest=least)
    return _changed(bucket, limit, at, used=None, taken=None)


def with_new_lot(
    bucket: Bucket, limit: RateLimit, at: int, *, used: HeldLot | None, lot: HeldLot
) -> BucketChange | None:
    """Return the change that ends the lot `used` and takes another, or None if there is none left.

    Half of a burst is never in lots that are taken: those who have none need it.
    """
    held = sum(each.size for each in _held(bucket, at, used))
    scarce = bucket.level(limit, at) - at > limit.capacity // _FREE_PART
    if scarce or lot.size < LOT_SIZE or held + lot.size > reserve_of(limit):
        return None
    return _changed(bucket, limit, at, used=used, taken=lot)


def _held(bucket: Bucket, at: int, used: HeldLot | None) -> tuple[HeldLot, ...]:
    return tuple(lot for lot in bucket.lots if lot.until > at and lot != used)


def _changed(
    bucket: Bucket, limit: RateLimit, at: int, *, used: HeldLot | None, taken: HeldLot | None
) -> BucketChange:
    """Take the lots that have ended from the rate, and one request or another lot from the rest."""
    held = _held(bucket, at, used)
    ended = sum(lot.size for lot in bucket.lots) - sum(lot.size for lot in held)
    lots = (*held, taken) if taken else held
    by = (ended if taken else ended + 1) * limit.interval
    still = sum(lot.size for lot in lots) * limit.interval
    return BucketChange(by=by, latest=at + limit.capacity - still - by, lots=lots)
