"""How often one may ask: limits, and the generic cell rate algorithm (GCRA) that keeps them.

All that is remembered of a caller is its theoretical arrival time: when it would have asked last
had it asked evenly. Times are whole microseconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import Field

from signalbox.models.base import Model, Name
from signalbox.models.errors import TooManyRequests
from signalbox.models.principal import Principal

MICROSECONDS_PER_SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RateLimit(Model):
    """So many requests in a window of seconds, and so many of them at once."""

    count: int = Field(ge=1, le=MICROSECONDS_PER_SECOND)
    window: int = Field(default=60, ge=1, le=86_400)
    burst: int = Field(ge=1, le=MICROSECONDS_PER_SECOND)

    @property
    def interval(self) -> int:
        """Return the time that one request takes up."""
        return MICROSECONDS_PER_SECOND * self.window // self.count

    @property
    def capacity(self) -> int:
        """Return the time that a whole burst takes up."""
        return self.burst * self.interval

    def shared(self, parts: int) -> "RateLimit":
        """Return what is left for each of so many who do not know of each other."""
        count, burst = max(1, self.count // parts), max(1, self.burst // parts)
        return RateLimit(count=count, window=self.window, burst=burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitPolicy:
    """A limit and the name that it is told by."""

    name: str
    limit: RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitQuota:
    """What is left of a limit: so many requests now, and one more after so many seconds."""

    policy: RateLimitPolicy
    remaining: int
    one_more_after: int


class OverLimit(TooManyRequests):
    """The caller may ask again when one more request is left."""

    def __init__(self, quota: RateLimitQuota) -> None:
        super().__init__(f"too many requests: ask again in {quota.one_more_after} seconds")
        self.quota = quota


class Limits(Model):
    """The limit of each caller: its own, else the most generous of its roles', else `default`.

    `callers` is by the name of the principal (`key:<id>`), `roles` goes before what is always
    there. `refused` is how many wrong credentials an address may try.
    """

    anonymous: RateLimit = RateLimit(count=60, burst=30)
    refused: RateLimit = RateLimit(count=20, burst=20)
    default: RateLimit = RateLimit(count=300, burst=60)
    roles: dict[Name, RateLimit] = Field(default_factory=dict)
    callers: dict[str, RateLimit] = Field(default_factory=dict)

    def of(self, caller: Principal) -> RateLimitPolicy:
        """Return what the caller is held to."""
        if own := self.callers.get(caller.name):
            return RateLimitPolicy(name="caller", limit=own)
        by_role = {**DEFAULT_ROLE_LIMITS, **self.roles}
        held = [RateLimitPolicy(name=r, limit=by_role[r]) for r in caller.roles if r in by_role]
        rest = RateLimitPolicy(name="default", limit=self.default)
        return max(held, key=lambda p: p.limit.count / p.limit.window, default=rest)


DEFAULT_ROLE_LIMITS: Final[Mapping[str, RateLimit]] = {
    "viewer": RateLimit(count=300, burst=60),
    "worker": RateLimit(count=1200, burst=200),
    "operator": RateLimit(count=600, burst=120),
    "admin": RateLimit(count=600, burst=120),
}


def to_microseconds(moment: datetime) -> int:
    """Return the moment as GCRA counts it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def retry_wait(arrival: int | None, now: int, limit: RateLimit, requests: int = 1) -> int:
    """Return how long the caller must wait before it may ask so often, nothing if it may ask now.

    For more than a burst it is told when it may ask for one.
    """
    latest = now + limit.capacity - min(requests, limit.burst) * limit.interval
    return max(0, (arrival or 0) - latest)


def arrival_after(arrival: int | None, now: int, limit: RateLimit) -> int:
    """Return the arrival time of a caller once it has asked."""
    return max(arrival or 0, now) + limit.interval


def quota(policy: RateLimitPolicy, arrival: int, now: int) -> RateLimitQuota:
    """Return what is left for a caller."""
    limit = policy.limit
    remaining = max(0, (now + limit.capacity - arrival) // limit.interval)
    until = retry_wait(arrival, now, limit, remaining + 1)
    return RateLimitQuota(policy=policy, remaining=remaining, one_more_after=_seconds(until))


def over_limit(policy: RateLimitPolicy, arrival: int, now: int) -> OverLimit:
    """Return the refusal of a caller who would have to wait."""
    until = _seconds(retry_wait(arrival, now, policy.limit))
    return OverLimit(RateLimitQuota(policy=policy, remaining=0, one_more_after=until))


def _seconds(to_microseconds: int) -> int:
    return -(-to_microseconds // MICROSECONDS_PER_SECOND)
