from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from signalbox.auth.rate_limit_lots import RateLimitLots
from signalbox.auth.rate_limits import LocalRateLimitBuckets
from signalbox.models.rate_limits import OverLimit, RateLimit, RateLimitPolicy
from signalbox.services.ports.auth import RateLimitBuckets, RateLimitLotBuckets
from tests.builders import NOW
from tests.contract.guards import LotBucketsContract
from tests.fakes.rate_limits import FakeLotBuckets

POLICY = RateLimitPolicy(name="default", limit=RateLimit(count=600, burst=100))
WORKER = RateLimitPolicy(name="worker", limit=RateLimit(count=1_200, burst=200))

PACES = st.integers(min_value=0, max_value=900_000)


class TestFakeBuckets(LotBucketsContract):
    @pytest.fixture
    @override
    def buckets(self) -> FakeLotBuckets:
        return FakeLotBuckets()

    @pytest.fixture
    @override
    def other(self, buckets: RateLimitLotBuckets) -> RateLimitLotBuckets:
        return buckets


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
    buckets = FakeLotBuckets()

    left = taken(RateLimitLots(buckets=buckets), 40)

    assert left == [*range(99, 59, -1)]
    assert buckets.asked <= 6


def test_a_worker_at_its_usual_pace_costs_a_write_for_four_requests() -> None:
    buckets = FakeLotBuckets()
    lots = RateLimitLots(buckets=buckets)

    for number in range(40):
        lots.take("key:a", WORKER, NOW + number * timedelta(seconds=100))

    assert buckets.asked == 10


@pytest.mark.parametrize("processes", [1, 3, 40])
def test_a_caller_gets_its_burst_and_no_more(processes: int) -> None:
    buckets = FakeLotBuckets()

    total = sum(len(taken(RateLimitLots(buckets=buckets), 200)) for _ in range(processes))

    assert total == POLICY.limit.burst


@given(
    steps=st.lists(st.tuples(st.integers(0, 3), PACES, st.integers(1, 40)), max_size=40),
    burst=st.integers(40, 200),
)
@settings(max_examples=150, deadline=None)
def test_nobody_gets_a_request_that_would_be_refused_without_lots(
    steps: Sequence[tuple[int, int, int]], burst: int
) -> None:
    policy = RateLimitPolicy(name="default", limit=RateLimit(count=burst, burst=burst))
    buckets, exact, now = FakeLotBuckets(), LocalRateLimitBuckets(), NOW
    processes = [RateLimitLots(buckets=buckets) for _ in range(4)]

    for process, pause, count in steps:
        now += timedelta(milliseconds=pause)
        for _ in range(count):
            try:
                processes[process].take("key:a", policy, now)
            except OverLimit:
                break
            exact.take("key:a", policy, now)


@given(pauses=st.lists(st.tuples(st.integers(0, 5), PACES), max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_caller_within_nine_tenths_of_its_burst_is_never_refused(
    pauses: Sequence[tuple[int, int]],
) -> None:
    limit = RateLimit(count=100, burst=100)
    policy = RateLimitPolicy(name="default", limit=limit)
    smaller = RateLimitPolicy(name="default", limit=RateLimit(count=100, burst=89))
    buckets, exact, now = FakeLotBuckets(), LocalRateLimitBuckets(), NOW
    processes = [RateLimitLots(buckets=buckets) for _ in range(6)]

    for process, pause in pauses:
        now += timedelta(milliseconds=pause // 100)
        try:
            exact.take("key:a", smaller, now)
        except OverLimit:
            continue
        processes[process].take("key:a", policy, now)


def test_a_lot_that_has_expired_is_not_used() -> None:
    buckets = FakeLotBuckets()
    lots = RateLimitLots(buckets=buckets)
    taken(lots, 1)

    taken(lots, 1, NOW + timedelta(seconds=596))

    assert buckets.asked == 2


def test_another_limit_of_a_caller_counts_at_once() -> None:
    lots = RateLimitLots(buckets=FakeLotBuckets())
    taken(lots, 5)
    smaller = RateLimitPolicy(name="caller", limit=RateLimit(count=1, burst=1))

    with pytest.raises(OverLimit):
        lots.take("key:a", smaller, NOW)
