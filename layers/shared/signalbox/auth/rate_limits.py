"""Who may ask how often: one bucket for each principal, and for each address of strangers."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import (
    Limits,
    OverLimit,
    RateLimitPolicy,
    RateLimitQuota,
    arrival_after,
    over_limit,
    quota,
    retry_wait,
    to_microseconds,
)
from signalbox.services.ports.auth import RateLimitBuckets
from signalbox.services.ports.time import Clock

_REMEMBERED: Final = 10_000
_NETWORK: Final = 64
_REST: Final = timedelta(seconds=5)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRateLimitBuckets:
    """Buckets that only this process knows of."""

    _arrivals: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        """See the port."""
        before, at = self._arrivals.get(key, 0), to_microseconds(now)
        if retry_wait(before, at, policy.limit):
            raise over_limit(policy, before, at)
        self._arrivals[key] = arrival_after(before, at, policy.limit)
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > _REMEMBERED:
            self._arrivals.popitem(last=False)
        return quota(policy, self._arrivals[key], at)


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """Counts requests against the limits of whoever makes them.

    While the buckets cannot be reached, each of about `processes` processes lets callers we know
    use their part of the limit, and anonymous callers nothing. Then it asks again every five
    seconds.
    """

    buckets: RateLimitBuckets
    limits: Callable[[], Limits]
    clock: Clock
    processes: int = 10
    _local: LocalRateLimitBuckets = field(default_factory=LocalRateLimitBuckets)
    _asks_again_at: datetime = _NEVER

    def admit(self, caller: Principal) -> RateLimitQuota:
        """Count a request of somebody we know.

        Raises:
            OverLimit: The rate limit is exceeded.
        """
        now, policy = self.clock(), self.limits().of(caller)
        if now >= self._asks_again_at:
            try:
                return self.buckets.take(caller.name, policy, now)
            except Unavailable:
                self._asks_again_at = now + _REST
        part = RateLimitPolicy(name=policy.name, limit=policy.limit.shared(self.processes))
        return self._local.take(caller.name, part, now)

    def admit_anonymous(self, source_ip: str) -> RateLimitQuota:
        """Count a request without credentials.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: A service that is needed did not answer.
        """
        policy = RateLimitPolicy(name="anonymous", limit=self.limits().anonymous)
        return self.buckets.take(f"ip:{client_network(source_ip)}", policy, self.clock())

    def count_rejected_credentials(self, source_ip: str) -> RateLimitQuota:
        """Count a request with wrong credentials.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: A service that is needed did not answer.
        """
        policy = RateLimitPolicy(name="refused", limit=self.limits().refused)
        return self.buckets.take(f"refused:{client_network(source_ip)}", policy, self.clock())


def client_network(source_ip: str) -> str:
    """Whose address it is: one IPv4 address, or the /64 that one IPv6 host has to itself."""
    try:
        address = ip_address(source_ip)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _NETWORK), strict=False))


def rate_limit_headers(quota: RateLimitQuota) -> Mapping[str, str]:
    """Return the headers that tell what is left.

    `q` and `w` are the limit and its window, `r` what may be asked at once, and `t` when that
    becomes one more; a caller that is over its limit finds the same time in `retry-after`.
    """
    limit, name = quota.policy.limit, quota.policy.name
    return {
        "ratelimit-policy": f'"{name}";q={limit.count};w={limit.window}',
        "ratelimit": f'"{name}";r={quota.remaining};t={quota.one_more_after}',
    }


def retry_headers(error: OverLimit) -> Mapping[str, str]:
    """Return the headers of an answer that refuses the caller."""
    return {**rate_limit_headers(error.quota), "retry-after": str(error.quota.one_more_after)}
