"""Count requests of callers in lots, so that a process does not write for each of them."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from typing_extensions import override

from signalbox.models.base import to_microseconds
from signalbox.models.frozen import frozen
from signalbox.models.rate_limit_lots import LOT_SIZE, HeldLot, reserve_of
from signalbox.models.rate_limits import (
    MICROSECONDS_PER_SECOND,
    RateLimitPolicy,
    RateLimitQuota,
    remember_caller,
)
from signalbox.services.ports.auth import RateLimitBuckets, RateLimitLotBuckets

_BUSY: Final = timedelta(seconds=1)
_CLOCK_MARGIN: Final = 5 * MICROSECONDS_PER_SECOND


@dataclass(slots=True, kw_only=True)
class _Lot:
    """A lot of this process, of which `left` requests have not been made yet."""

    policy: RateLimitPolicy
    held: HeldLot
    left: int
    quota: RateLimitQuota
    taken_at: datetime

    def is_usable(self, policy: RateLimitPolicy, now: datetime) -> bool:
        end = self.held.until - _CLOCK_MARGIN
        return self.left > 0 and self.policy == policy and to_microseconds(now) < end


@frozen
class RateLimitLots(RateLimitBuckets):
    """Buckets of which one process takes several requests at once.

    The lots of a caller have four requests, and grow while each is used up within a second. Threads
    may share it: of two lots that they take at once, one is lost until it expires.
    """

    buckets: RateLimitLotBuckets
    _lots: OrderedDict[str, _Lot] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        with self._lock:
            last = self._lots.get(key)
            if last and last.is_usable(policy, now):
                last.left -= 1
                return _quota_of(last)
        used = last.held if last else None
        size = _next_size(last, policy, now)
        quota, held = self.buckets.take_lot(key, policy, now, size=size, used=used)
        if held is None:
            return quota
        lot = _Lot(policy=policy, held=held, left=held.size - 1, quota=quota, taken_at=now)
        with self._lock:
            remember_caller(self._lots, key, lot)
        return _quota_of(lot)


def _next_size(last: _Lot | None, policy: RateLimitPolicy, now: datetime) -> int:
    most = reserve_of(policy.limit)
    if last is None or last.policy != policy or last.left or now - last.taken_at > _BUSY:
        return min(LOT_SIZE, most)
    return min(last.held.size * 2, most)


def _quota_of(lot: _Lot) -> RateLimitQuota:
    return RateLimitQuota(
        policy=lot.policy,
        remaining=lot.quota.remaining + lot.left,
        one_more_after=lot.quota.one_more_after,
    )
