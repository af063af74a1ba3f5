"""Rate limits, by the generic cell rate algorithm (GCRA).

All that is stored of a caller is its theoretical arrival time (TAT). Times are whole microseconds
since 1970. See https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, TypeVar

from pydantic import Field
from typing_extensions import override

from signalbox.models.base import Model, Name
from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import TooManyRequests
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal

MICROSECONDS_PER_SECOND: Final = 1_000_000

_MAX_CALLERS: Final = 10_000

V = TypeVar("V")


class RateLimit(Model):
    """`count` requests in `window` seconds, and `burst` at once."""

    count: int = Field(ge=1, le=MICROSECONDS_PER_SECOND)
    window: int = Field(default=60, ge=1, le=86_400)
    burst: int = Field(ge=1, le=MICROSECONDS_PER_SECOND)

    @property
    def interval(self) -> int:
        """Return the time between two requests at the limit."""
        return MICROSECONDS_PER_SECOND * self.window // self.count

    @property
    def rate(self) -> float:
        """Return the requests in a second at the limit."""
        return self.count / self.window

    @property
    def capacity(self) -> int:
        """Return the time that a whole burst takes up."""
        return self.burst * self.interval

    def shared(self, parts: int) -> "RateLimit":
        """Return the share of each of several processes that do not know of each other."""
        count, burst = max(1, self.count // parts), max(1, self.burst // parts)
        return RateLimit(count=count, window=self.window, burst=burst)


@frozen
class RateLimitPolicy:
    """A limit and its name in the RateLimit-Policy header."""

    name: str
    limit: RateLimit


@frozen
class RateLimitQuota:
    """What is left of a limit: `remaining` requests, one more after `one_more_after` seconds."""

    policy: RateLimitPolicy
    remaining: int
    one_more_after: int


class OverLimit(TooManyRequests):
    """The caller may ask again when one more request is left."""

    def __init__(self, quota: RateLimitQuota) -> None:
        super().__init__(f"too many requests: ask again in {quota.one_more_after} seconds")
        self.quota = quota


_RunningTasks = Annotated[int, Field(ge=1, le=100)]
"""How many tasks may run at once."""


class ConcurrencyLimits(Model):
    """How many tasks of a kind or group may run at once.

    Other kinds have no limit, of other groups one task runs at once.
    """

    kinds: dict[Annotated[str, Field(min_length=1, max_length=100)], _RunningTasks] = Field(
        default_factory=dict
    )
    groups: dict[Annotated[str, Field(min_length=1, max_length=128)], _RunningTasks] = Field(
        default_factory=dict
    )


class Limits(ConfigResource):
    """The limit of each caller: its own, or the most generous of its roles, or `default`.

    `callers` is by the name of the principal (`key:<id>`); `roles` overrides the defaults of
    built-in roles. `refused` is how many wrong credentials an address may try. `concurrency` limits
    the tasks that run at once.
    """

    kind: ClassVar = "limits"

    anonymous: RateLimit = RateLimit.model_construct(count=60, burst=30)
    refused: RateLimit = RateLimit.model_construct(count=20, burst=20)
    default: RateLimit = RateLimit.model_construct(count=300, burst=60)
    roles: dict[Name, RateLimit] = Field(default_factory=dict)
    callers: dict[str, RateLimit] = Field(default_factory=dict)
    concurrency: ConcurrencyLimits = Field(default_factory=ConcurrencyLimits)

    @property
    @override
    def key(self) -> str:
        return "default"

    def of(self, caller: Principal) -> RateLimitPolicy:
        """Return the limit of the caller."""
        if own := self.callers.get(caller.name):
            return RateLimitPolicy(name="caller", limit=own)
        name, limit = "default", None
        for role in caller.roles:
            of_role = self.roles.get(role) or DEFAULT_ROLE_LIMITS.get(role)
            if of_role and (limit is None or of_role.rate > limit.rate):
                name, limit = role, of_role
        return RateLimitPolicy(name=name, limit=limit or self.default)


DEFAULT_ROLE_LIMITS: Final[Mapping[str, RateLimit]] = {
    "viewer": RateLimit.model_construct(count=300, burst=60),
    "worker": RateLimit.model_construct(count=1200, burst=200),
    "operator": RateLimit.model_construct(count=600, burst=120),
    "admin": RateLimit.model_construct(count=600, burst=120),
}


def retry_wait(arrival: int | None, now: int, limit: RateLimit, requests: int = 1) -> int:
    """Return how long the caller must wait before it may send so many requests, 0 if it may now.

    For more requests than a burst it is the wait for a burst.
    """
    latest = now + limit.capacity - min(requests, limit.burst) * limit.interval
    return max(0, (arrival or 0) - latest)


def arrival_after(arrival: int | None, now: int, limit: RateLimit) -> int:
    """Return the arrival time of a caller after a request."""
    return max(arrival or 0, now) + limit.interval


def quota(policy: RateLimitPolicy, arrival: int, now: int) -> RateLimitQuota:
    """Return what is left for a caller."""
    limit = policy.limit
    remaining = max(0, (now + limit.capacity - arrival) // limit.interval)
    until = retry_wait(arrival, now, limit, remaining + 1)
    return RateLimitQuota(policy=policy, remaining=remaining, one_more_after=_seconds(until))


def over_limit(policy: RateLimitPolicy, arrival: int, now: int) -> OverLimit:
    """Return the error for a caller that would have to wait."""
    until = _seconds(retry_wait(arrival, now, policy.limit))
    return OverLimit(RateLimitQuota(policy=policy, remaining=0, one_more_after=until))


def _seconds(to_microseconds: int) -> int:
    return -(-to_microseconds // MICROSECONDS_PER_SECOND)


def remember_caller(callers: OrderedDict[str, V], key: str, value: V) -> None:
    """Store what is known of a caller, and forget the one that was stored least recently."""
    callers[key] = value
    callers.move_to_end(key)
    if len(callers) > _MAX_CALLERS:
        callers.popitem(last=False)


def rate_limit_headers(quota: RateLimitQuota) -> Mapping[str, str]:
    """Return the headers with the limit and what is left of it.

    `q` and `w` are limit and window, `r` how many requests are possible at once, and `t` when that
    becomes one more. See https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/.
    """
    limit, name = quota.policy.limit, quota.policy.name
    return {
        "ratelimit-policy": f'"{name}";q={limit.count};w={limit.window}',
        "ratelimit": f'"{name}";r={quota.remaining};t={quota.one_more_after}',
    }


def retry_headers(error: OverLimit) -> Mapping[str, str]:
    """Return the headers of a response to a caller that is over its limit."""
    return {**rate_limit_headers(error.quota), "retry-after": str(error.quota.one_more_after)}
