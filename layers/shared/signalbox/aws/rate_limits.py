"""Rate limits in the State table: one conditional update for each request, or for each lot.

A caller that is known to be over its limit costs no call. A lost answer counts the request twice.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import field
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.arrival_times import ArrivalConflict, LotsChange, StoredArrival, move_arrival
from signalbox.models.base import to_microseconds
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.rate_limit_lots import (
    LOT_LIFETIME,
    Bucket,
    BucketChange,
    HeldLot,
    single_request,
    with_new_lot,
)
from signalbox.models.rate_limits import (
    MICROSECONDS_PER_SECOND,
    RateLimit,
    RateLimitPolicy,
    RateLimitQuota,
    over_limit,
    quota,
    remember_caller,
)
from signalbox.services.ports.auth import RateLimitLotBuckets

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.aws.dynamo_table import Table

_TRIES: Final = (False, False, False)
_LOT_TRIES: Final = (True, True, False, False)
"""Which tries ask for a lot: after two that other processes came before, a request is counted."""

_TTL_SECONDS: Final = 3600


@frozen
class DynamoRateLimitBuckets(RateLimitLotBuckets):
    """Stores the arrival times of callers, and the lots of processes."""

    table: Table
    _seen: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        return self.take_lot(key, policy, now, size=0, used=None)[0]

    @override
    def take_lot(
        self, key: str, policy: RateLimitPolicy, now: datetime, *, size: int, used: HeldLot | None
    ) -> tuple[RateLimitQuota, HeldLot | None]:
        limit, at = policy.limit, to_microseconds(now)
        lot = HeldLot(id=secrets.token_hex(4), size=size, until=to_microseconds(now + LOT_LIFETIME))
        for by_lot in _LOT_TRIES if size else _TRIES:
            seen = self._seen.get(key, Bucket())
            change = with_new_lot(seen, limit, at, used=used, lot=lot) if by_lot else None
            taken = lot if change else None
            change = change or single_request(seen, limit, at)
            if max(seen.arrival, at) > change.latest:
                raise over_limit(policy, seen.level(limit, at), at)
            try:
                bucket = self._update(key, limit, at, seen, change)
            except ArrivalConflict as missed:
                bucket = _bucket(missed.stored)
                remember_caller(self._seen, key, bucket)
                if lot not in bucket.lots:
                    continue
                taken = lot  # the answer to an update of ours was lost
            remember_caller(self._seen, key, bucket)
            return quota(policy, bucket.level(limit, at), at), taken
        raise Unavailable("the rate limit is contended")

    def _update(
        self, key: str, limit: RateLimit, at: int, seen: Bucket, change: BucketChange
    ) -> Bucket:
        """Return the bucket after a change.

        Raises:
            ArrivalConflict: The condition did not hold.
            Unavailable: The table did not answer.
        """
        lots = None
        if change.lots is not None:
            lots = LotsChange(seen=_text(seen.lots), after=_text(change.lots))
        stored = move_arrival(
            self.table,
            table_keys.rate_limit_pk(key),
            seen=seen.arrival,
            at=at,
            by=change.by,
            latest=change.latest,
            expires_at=(at + limit.capacity) // MICROSECONDS_PER_SECOND + _TTL_SECONDS,
            lots=lots,
        )
        return _bucket(stored)


def _text(lots: tuple[HeldLot, ...]) -> str:
    """Return the lots as they are stored: as text, since a condition compares all of them."""
    return " ".join(f"{lot.id}:{lot.size}:{lot.until}" for lot in lots)


def _bucket(stored: StoredArrival) -> Bucket:
    lots = (lot.split(":") for lot in stored.lots.split())
    return Bucket(
        arrival=stored.arrival,
        lots=tuple(HeldLot(id=id_, size=int(size), until=int(until)) for id_, size, until in lots),
    )
