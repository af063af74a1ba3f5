"""Rate limits in memory, as the store counts them."""

from datetime import datetime

from typing_extensions import override

from signalbox.models.base import to_microseconds
from signalbox.models.rate_limit_lots import (
    LOT_LIFETIME,
    Bucket,
    BucketChange,
    HeldLot,
    single_request,
    with_new_lot,
)
from signalbox.models.rate_limits import RateLimitPolicy, RateLimitQuota, over_limit, quota
from signalbox.services.ports.auth import RateLimitLotBuckets


class FakeLotBuckets(RateLimitLotBuckets):
    """Buckets that count how often they are asked."""

    def __init__(self) -> None:
        self.asked = 0
        self._kept: dict[str, Bucket] = {}

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        return self.take_lot(key, policy, now, size=0, used=None)[0]

    @override
    def take_lot(
        self, key: str, policy: RateLimitPolicy, now: datetime, *, size: int, used: HeldLot | None
    ) -> tuple[RateLimitQuota, HeldLot | None]:
        self.asked += 1
        limit, at = policy.limit, to_microseconds(now)
        bucket = self._kept.get(key, Bucket())
        lot = HeldLot(id=str(self.asked), size=size, until=to_microseconds(now + LOT_LIFETIME))
        change = with_new_lot(bucket, limit, at, used=used, lot=lot)
        taken = lot if change else None
        change = change or single_request(bucket, limit, at)
        if max(bucket.arrival, at) > change.latest:
            raise over_limit(policy, bucket.level(limit, at), at)
        self._kept[key] = _after_change(bucket, change, at)
        return quota(policy, self._kept[key].level(limit, at), at), taken


def _after_change(bucket: Bucket, change: BucketChange, at: int) -> Bucket:
    lots = bucket.lots if change.lots is None else change.lots
    return Bucket(arrival=max(bucket.arrival, at) + change.by, lots=lots)
