"""Rate limits in the State table: one conditional update for each request.

A caller that is known to be over its limit costs no call. A lost answer counts the request twice.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.arrival_times import ArrivalConflict, move_arrival
from signalbox.models.base import to_microseconds
from signalbox.models.errors import Unavailable
from signalbox.models.rate_limits import (
    MICROSECONDS_PER_SECOND,
    RateLimit,
    RateLimitPolicy,
    RateLimitQuota,
    over_limit,
    quota,
    retry_wait,
)
from signalbox.services.ports.auth import RateLimitBuckets

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.aws.dynamo_table import Table

_MAX_UPDATES: Final = 3
_MAX_CALLERS: Final = 10_000
_TTL_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoRateLimitBuckets(RateLimitBuckets):
    """Stores the arrival times of callers."""

    table: Table
    _seen: OrderedDict[str, int] = field(default_factory=OrderedDict)

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        at = to_microseconds(now)
        for _ in range(_MAX_UPDATES):
            seen = self._seen.get(key, 0)
            if retry_wait(seen, at, policy.limit):
                raise over_limit(policy, seen, at)
            try:
                arrival = self._update(key, policy.limit, at, seen)
            except ArrivalConflict as missed:
                self._remember(key, missed.arrival)
                continue
            self._remember(key, arrival)
            return quota(policy, arrival, at)
        raise Unavailable("the rate limit is contended")

    def _update(self, key: str, limit: RateLimit, at: int, seen: int) -> int:
        """Return the arrival time after the request was counted.

        Raises:
            ArrivalConflict: The condition did not hold.
            Unavailable: The table did not answer.
        """
        return move_arrival(
            self.table,
            table_keys.rate_limit_pk(key),
            seen=seen,
            at=at,
            by=limit.interval,
            latest=at + limit.capacity - limit.interval,
            expires_at=(at + limit.capacity) // MICROSECONDS_PER_SECOND + _TTL_SECONDS,
        )

    def _remember(self, key: str, arrival: int) -> None:
        self._seen[key] = arrival
        self._seen.move_to_end(key)
        if len(self._seen) > _MAX_CALLERS:
            self._seen.popitem(last=False)
