"""Limits are kept by the algorithm that the books describe, whatever callers do."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signalbox.models.base import to_microseconds
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import (
    MICROSECONDS_PER_SECOND,
    Limits,
    OverLimit,
    RateLimit,
    RateLimitPolicy,
    arrival_after,
    over_limit,
    quota,
    retry_wait,
)

LIMIT = RateLimit(count=60, window=60, burst=5)
POLICY = RateLimitPolicy(name="default", limit=LIMIT)


class LeakyBucket:
    """The equivalent of GCRA: a bucket that leaks evenly and holds one burst."""

    def __init__(self, limit: RateLimit) -> None:
        self._leak = Fraction(1, limit.interval)
        self._size = limit.burst
        self._level = Fraction()
        self._at = 0

    def admits(self, now: int) -> bool:
        self._level = max(Fraction(), self._level - (now - self._at) * self._leak)
        self._at = now
        if self._level + 1 > self._size:
            return False
        self._level += 1
        return True


@given(
    st.builds(RateLimit, count=st.integers(1, 200), burst=st.integers(1, 20), window=st.just(10)),
    st.lists(st.integers(0, 20 * MICROSECONDS_PER_SECOND), max_size=60),
)
def test_a_leaky_bucket_admits_the_same(limit: RateLimit, pauses: list[int]) -> None:
    bucket, arrival, now = LeakyBucket(limit), 0, 0
    for pause in pauses:
        now += pause
        admitted = not retry_wait(arrival, now, limit)

        assert admitted == bucket.admits(now)

        if admitted:
            arrival = arrival_after(arrival, now, limit)


@given(st.lists(st.integers(0, 3 * MICROSECONDS_PER_SECOND), min_size=1, max_size=60))
def test_what_is_told_comes_true(pauses: list[int]) -> None:
    arrival, now = 0, MICROSECONDS_PER_SECOND
    for pause in pauses:
        now += pause
        if retry_wait(arrival, now, LIMIT):
            left = over_limit(POLICY, arrival, now).quota
            assert not retry_wait(
                arrival, now + left.one_more_after * MICROSECONDS_PER_SECOND, LIMIT
            )
            continue
        arrival = arrival_after(arrival, now, LIMIT)
        left = quota(POLICY, arrival, now)

        assert 0 <= left.remaining < LIMIT.burst
        if left.remaining:
            assert not retry_wait(arrival, now, LIMIT, left.remaining)
        assert retry_wait(arrival, now, LIMIT, left.remaining + 1)
        later = now + left.one_more_after * MICROSECONDS_PER_SECOND
        assert quota(POLICY, arrival, later).remaining > left.remaining


def test_a_refusal_names_no_time_that_has_passed() -> None:
    error = over_limit(POLICY, 5 * MICROSECONDS_PER_SECOND, MICROSECONDS_PER_SECOND - 1)

    assert isinstance(error, OverLimit)
    assert error.quota.one_more_after == 1


def test_a_moment_is_counted_exactly() -> None:
    assert to_microseconds(datetime(2026, 3, 1, 12, 0, 0, 123_457, UTC)) == 1_772_366_400_123_457


@pytest.mark.parametrize("facts", [{"count": 0}, {"burst": 0}, {"window": 0}, {"count": 2_000_000}])
def test_a_limit_lets_something_through_in_some_time(facts: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RateLimit.model_validate({"count": 60, "burst": 5} | facts)


class TestTheLimitOfACaller:
    def limit(self, limits: Limits, *roles: str, name: str = "key:one") -> tuple[str, int]:
        found = limits.of(Principal(name=name, scopes=frozenset(), roles=roles))
        return found.name, found.limit.count

    def test_each_role_has_its_own(self) -> None:
        assert self.limit(Limits(), "viewer") == ("viewer", 300)
        assert self.limit(Limits(), "worker") == ("worker", 1200)
        assert self.limit(Limits(), "admin") == ("admin", 600)

    def test_the_most_generous_role_counts(self) -> None:
        assert self.limit(Limits(), "viewer", "worker", "nobody") == ("worker", 1200)

    def test_who_has_no_role_has_the_default(self) -> None:
        assert self.limit(Limits()) == ("default", 300)
        assert self.limit(Limits(), "nobody") == ("default", 300)

    def test_a_caller_may_have_a_limit_of_its_own(self) -> None:
        slow = Limits(callers={"key:one": RateLimit(count=1, burst=1)})

        assert self.limit(slow, "admin") == ("caller", 1)
        assert self.limit(slow, "admin", name="key:two") == ("admin", 600)

    def test_roles_may_be_given_other_limits(self) -> None:
        other = Limits(roles={"viewer": RateLimit(count=7, burst=7), "auditor": LIMIT})

        assert self.limit(other, "viewer") == ("viewer", 7)
        assert self.limit(other, "auditor") == ("auditor", 60)
        assert self.limit(other, "worker") == ("worker", 1200)


def test_a_part_of_a_limit_is_never_nothing() -> None:
    assert RateLimit(count=600, burst=120).shared(10) == RateLimit(count=60, burst=12)
    assert RateLimit(count=5, burst=2).shared(10) == RateLimit(count=1, burst=1)
