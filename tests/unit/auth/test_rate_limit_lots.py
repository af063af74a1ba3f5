from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from typing_extensions import override

from signalbox.auth.rate_limit_lots import RateLimitLots
from signalbox.auth.rate_limits import LocalRateLimitBuckets
from signalbox.models.rate_limits import OverLimit, RateLimit, RateLimitPolicy, RateLimitQuota
from signalbox.services.ports.auth import RateLimitBuckets
from tests.builders import NOW

POLICY = RateLimitPolicy(name="default", limit=RateLimit(count=600, burst=100))


class Counted(RateLimitBuckets):
    """Buckets that count how often they are asked."""

    def __init__(self) -> None:
        self.asked = 0
        self._buckets = LocalRateLimitBuckets()

    @override
    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        self.asked += 1
        return self._buckets.take(key, policy, now)


def taken(lots: RateLimitBuckets, count: int, at: datetime = NOW) -> Sequence[int]:
    """What is left after each of so many requests at a time, until the limit."""
    left = []
    for _ in range(count):
        try:
            left.append(lots.take("key:a", POLICY, at).remaining)
        except OverLimit:
            break
    return left


def test_a_busy_caller_costs_few_calls() -> None:
    counted = Counted()

    left = taken(RateLimitLots(buckets=counted), 60)

    assert len(left) == 60
    assert counted.asked <= 10


def test_a_caller_gets_its_burst_and_no_more() -> None:
    left = taken(RateLimitLots(buckets=Counted()), 200)

    assert len(left) == POLICY.limit.burst
    assert left[-1] == 0


def test_processes_share_the_limit() -> None:
    counted = Counted()
    processes = [RateLimitLots(buckets=counted) for _ in range(3)]

    total = sum(len(taken(lots, 200)) for lots in processes)

    assert total == POLICY.limit.burst


def test_a_caller_with_a_request_now_and_then_is_counted_exactly() -> None:
    counted = Counted()
    lots = RateLimitLots(buckets=counted)

    left = [taken(lots, 1, NOW + timedelta(seconds=2 * n))[0] for n in range(5)]

    assert counted.asked == 5
    assert set(left) == {POLICY.limit.burst - 1}


def test_what_is_left_of_an_old_lot_is_not_used() -> None:
    counted = Counted()
    lots = RateLimitLots(buckets=counted)
    taken(lots, 5)
    before = counted.asked

    taken(lots, 1, NOW + timedelta(seconds=3))

    assert counted.asked == before + 1


def test_another_limit_of_a_caller_counts_at_once() -> None:
    lots = RateLimitLots(buckets=Counted())
    taken(lots, 5)
    smaller = RateLimitPolicy(name="caller", limit=RateLimit(count=1, burst=1))

    with pytest.raises(OverLimit):
        lots.take("key:a", smaller, NOW)
