"""Count requests of busy callers in lots, so that a server does not write for each of them."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from typing_extensions import override

from signalbox.models.rate_limits import OverLimit, RateLimitPolicy, RateLimitQuota
from signalbox.services.ports.auth import RateLimitBuckets

_BUSY: Final = timedelta(seconds=1)
_KEPT: Final = timedelta(seconds=2)
_PART_OF_BURST: Final = 10
_MAX_CALLERS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lot:
    """Requests that were counted together, of which `left` have not been made yet."""

    policy: RateLimitPolicy
    size: int
    left: int
    quota: RateLimitQuota
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitLots(RateLimitBuckets):
    """Buckets of which one process takes several requests at once, for callers that are busy.

    The lots of a caller grow while each is used up within a second, up to a tenth of its burst;
    what is left of one after two seconds is lost to the caller. Threads may share it.
    """

    buckets: RateLimitBuckets
    _lots: OrderedDict[str, _Lot] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        with self._lock:
            last = self._lots.get(key)
            if last and last.left and last.policy == policy and now - last.taken_at < _KEPT:
                self._lots[key] = replace(last, left=last.left - 1)
                return _quota_of(self._lots[key])
        lot = self._taken(key, policy, now, _next_size(last, policy, now))
        with self._lock:
            self._lots[key] = lot
            self._lots.move_to_end(key)
            if len(self._lots) > _MAX_CALLERS:
                self._lots.popitem(last=False)
        return _quota_of(lot)

    def _taken(self, key: str, policy: RateLimitPolicy, now: datetime, size: int) -> _Lot:
        """Return a lot of this size, or of one request if there are no more.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: The buckets did not answer.
        """
        limit = policy.limit.shared(size)  # one request of it is a lot of the whole limit
        try:
            quota = self.buckets.take(key, replace(policy, limit=limit), now)
        except OverLimit:
            if size == 1:
                raise
            return self._taken(key, policy, now, 1)
        return _Lot(policy=policy, size=size, left=size - 1, quota=quota, taken_at=now)


def _next_size(last: _Lot | None, policy: RateLimitPolicy, now: datetime) -> int:
    if last is None or last.policy != policy or now - last.taken_at > _BUSY:
        return 1
    most = max(1, min(policy.limit.burst, policy.limit.count) // _PART_OF_BURST)
    return min(last.size * 2, most)


def _quota_of(lot: _Lot) -> RateLimitQuota:
    return replace(
        lot.quota, policy=lot.policy, remaining=lot.quota.remaining * lot.size + lot.left
    )
