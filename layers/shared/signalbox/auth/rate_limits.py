"""Rate limiting: one bucket for each principal, and for each address of anonymous callers."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from typing_extensions import override

from signalbox.models.base import to_microseconds
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ip_addresses import client_network
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import (
    Limits,
    RateLimitPolicy,
    RateLimitQuota,
    arrival_after,
    over_limit,
    quota,
    remember_caller,
    retry_wait,
)
from signalbox.services.ports.auth import RateLimitBuckets
from signalbox.services.ports.time import Clock

_RETRY_INTERVAL: Final = timedelta(seconds=5)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@frozen
class LocalRateLimitBuckets(RateLimitBuckets):
    """Buckets of this process only."""

    _arrivals: OrderedDict[str, int] = field(default_factory=OrderedDict)

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        before, at = self._arrivals.get(key, 0), to_microseconds(now)
        if retry_wait(before, at, policy.limit):
            raise over_limit(policy, before, at)
        after = arrival_after(before, at, policy.limit)
        remember_caller(self._arrivals, key, after)
        return quota(policy, after, at)


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """Count requests against the limit of their caller.

    If the buckets cannot be reached, each of about `processes` processes allows authenticated
    callers their share of the limit, and anonymous callers nothing. It tries the buckets again
    every five seconds.
    """

    buckets: RateLimitBuckets
    limits: Callable[[], Limits]
    clock: Clock
    processes: int = 10
    _local: LocalRateLimitBuckets = field(default_factory=LocalRateLimitBuckets)
    _asks_again_at: datetime = _NEVER

    def admit(self, caller: Principal) -> RateLimitQuota:
        """Count a request of an authenticated caller.

        Raises:
            OverLimit: The rate limit is exceeded.
        """
        return self.take(caller.name, self.limits().of(caller))

    def take(self, key: str, policy: RateLimitPolicy) -> RateLimitQuota:
        """Count a request against a limit that holds, by its share, also without the buckets.

        Raises:
            OverLimit: The limit is exceeded.
        """
        now = self.clock()
        if now >= self._asks_again_at:
            try:
                return self.buckets.take(key, policy, now)
            except Unavailable:
                self._asks_again_at = now + _RETRY_INTERVAL
        part = RateLimitPolicy(name=policy.name, limit=policy.limit.shared(self.processes))
        return self._local.take(key, part, now)

    def admit_anonymous(self, source_ip: str) -> RateLimitQuota:
        """Count a request without credentials.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: The buckets did not answer.
        """
        policy = RateLimitPolicy(name="anonymous", limit=self.limits().anonymous)
        return self.buckets.take(f"ip:{client_network(source_ip)}", policy, self.clock())

    def count_rejected_credentials(self, source_ip: str) -> RateLimitQuota:
        """Count a request with wrong credentials.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: The buckets did not answer.
        """
        policy = RateLimitPolicy(name="refused", limit=self.limits().refused)
        return self.buckets.take(f"refused:{client_network(source_ip)}", policy, self.clock())
