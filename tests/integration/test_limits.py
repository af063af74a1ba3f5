"""Limits in DynamoDB: exact under a race, one write for each request, none for who is over."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signalbox.auth.rate_limits import LocalRateLimitBuckets, RateLimiter
from signalbox.aws.dynamo_table import Table
from signalbox.aws.rate_limits import DynamoRateLimitBuckets
from signalbox.models.errors import Unavailable
from signalbox.models.principal import Principal
from signalbox.models.rate_limit_lots import HeldLot
from signalbox.models.rate_limits import (
    Limits,
    OverLimit,
    RateLimit,
    RateLimitPolicy,
    RateLimitQuota,
)
from signalbox.services.ports.auth import RateLimitBuckets
from tests.builders import NOW
from tests.contract.guards import POLICY, WIDE, LotBucketsContract
from tests.fakes.clock import FakeClock
from tests.integration.atomic import one_at_a_time
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Call,
    Faults,
    Send,
    broken,
    lost_answer,
    throttled,
    unreachable,
)

TAKE = "DynamoDB.UpdateItem"


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))


@pytest.fixture
def faults(stack: Stack) -> Iterator[Faults]:
    del stack
    with Faults().installed() as faults, faults.watching():
        yield faults


class TestDynamoBuckets(LotBucketsContract):
    @pytest.fixture
    def buckets(self, table: Table) -> DynamoRateLimitBuckets:
        return DynamoRateLimitBuckets(table=table)

    @pytest.fixture
    def other(self, table: Table) -> DynamoRateLimitBuckets:
        return DynamoRateLimitBuckets(table=table)

    def test_processes_that_take_lots_at_once_are_not_refused(
        self,
        buckets: DynamoRateLimitBuckets,
        other: DynamoRateLimitBuckets,
        clock: FakeClock,
    ) -> None:
        used: dict[int, HeldLot | None] = {}
        for number in range(30):
            process = (buckets, other)[number % 2]
            lot = process.take_lot("key:a", WIDE, clock(), size=4, used=used.get(number % 2))[1]
            used[number % 2] = lot or used.get(number % 2)
            clock.advance(seconds=5)

        assert set(used) == {0, 1}
        assert all(used.values())

    def test_the_lot_of_an_answer_that_was_lost_is_used(
        self, buckets: DynamoRateLimitBuckets, faults: Faults, clock: FakeClock
    ) -> None:
        faults.on(TAKE, lost_answer)

        left, lot = buckets.take_lot("key:a", WIDE, clock(), size=4, used=None)

        assert lot
        assert left.remaining == 96

    def test_each_request_is_one_write(
        self, buckets: DynamoRateLimitBuckets, faults: Faults, clock: FakeClock
    ) -> None:
        for _ in range(50):
            buckets.take("key:a", POLICY, clock())
            clock.advance(seconds=1)

        assert faults.operations == [TAKE] * 50

    def test_who_is_known_to_be_over_costs_nothing(
        self, take: Callable[[str], int], faults: Faults
    ) -> None:
        for _ in range(5):
            take("key:a")
        faults.clear()

        for _ in range(100):
            with pytest.raises(OverLimit):
                take("key:a")

        assert faults.operations == []

    def test_who_is_over_elsewhere_costs_one_write(
        self, take: Callable[[str], int], table: Table, faults: Faults, clock: FakeClock
    ) -> None:
        for _ in range(5):
            take("key:a")
        faults.clear()

        other = DynamoRateLimitBuckets(table=table)
        for _ in range(10):
            with pytest.raises(OverLimit):
                other.take("key:a", POLICY, clock())

        assert faults.operations == [TAKE]

    def test_processes_count_together(self, table: Table, clock: FakeClock) -> None:
        processes = [DynamoRateLimitBuckets(table=table) for _ in range(3)]

        left = [processes[n % 3].take("key:a", POLICY, clock()).remaining for n in range(5)]

        assert left == [4, 3, 2, 1, 0]

    def test_an_answer_that_is_lost_counts_at_most_twice(
        self, take: Callable[[str], int], faults: Faults
    ) -> None:
        faults.on(TAKE, lost_answer)

        assert take("key:a") in {3, 4}

    def test_the_record_goes_an_hour_after_it_says_nothing_more(
        self, take: Callable[[str], int], table: Table, clock: FakeClock
    ) -> None:
        take("key:a")

        item = table.get({"pk": {"S": "RATE#key:a"}}) or {}

        full_again = clock() + timedelta(seconds=5)
        assert int(item["ttl"]["N"]) == int(full_again.timestamp()) + 3600

    def test_a_record_that_is_gone_is_no_matter(
        self, take: Callable[[str], int], table: Table
    ) -> None:
        take("key:a")
        table.delete({"pk": {"S": "RATE#key:a"}})

        assert take("key:a") == 4

    def test_who_never_wins_the_race_is_told_to_come_back(
        self, take: Callable[[str], int], faults: Faults
    ) -> None:
        def lose(call: Call, send: Send) -> object:
            request = json.loads(call.body)
            request["ConditionExpression"] = "tat < :now AND attribute_exists(never)"
            return send(json.dumps(request).encode())

        faults.on(TAKE, lose, times=10)

        with pytest.raises(Unavailable):
            take("key:a")
        assert faults.count(TAKE) == 3

    @pytest.mark.parametrize("trouble", [throttled, broken, unreachable])
    def test_a_table_that_is_down_is_unavailable(
        self, take: Callable[[str], int], faults: Faults, trouble: Action
    ) -> None:
        faults.on(TAKE, trouble, times=3)

        with pytest.raises(Unavailable):
            take("key:a")

    def test_two_hundred_at_once_are_admitted_exactly(self, table: Table, clock: FakeClock) -> None:
        processes = [DynamoRateLimitBuckets(table=table) for _ in range(8)]

        def ask(number: int) -> bool:
            try:
                processes[number % 8].take("key:a", POLICY, clock())
            except OverLimit:
                return False
            return True

        with one_at_a_time(), ThreadPoolExecutor(8) as pool:
            admitted = list(pool.map(ask, range(200)))

        assert sum(admitted) == 5


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["key:a", "key:b"]),
            st.sampled_from([0, 0, 1, 1_000, 250_000, 999_999, 1_000_000, 1_000_001, 9_000_000]),
            st.integers(0, 1),
        ),
        min_size=50,
        max_size=50,
    )
)
def test_a_thousand_random_steps_are_those_of_the_algorithm(
    table: Table, clock: FakeClock, steps: list[tuple[str, int, int]]
) -> None:
    clock.advance(timedelta(days=1))
    pure, processes = (
        LocalRateLimitBuckets(),
        [DynamoRateLimitBuckets(table=table) for _ in range(2)],
    )
    for key, pause, process in steps:
        clock.advance(timedelta(microseconds=pause))

        expected = outcome(pure, key, clock)
        found = outcome(processes[process], key, clock)

        if isinstance(expected, OverLimit):
            assert isinstance(found, OverLimit)
            assert 1 <= found.quota.one_more_after <= expected.quota.one_more_after
        else:
            assert found == expected


def outcome(buckets: RateLimitBuckets, key: str, clock: FakeClock) -> RateLimitQuota | OverLimit:
    try:
        return buckets.take(key, POLICY, clock())
    except OverLimit as over:
        return over


def test_a_caller_we_know_is_let_in_while_the_table_is_down(
    table: Table, faults: Faults, clock: FakeClock
) -> None:
    limits = Limits(default=RateLimit(count=60, burst=20))
    limit = RateLimiter(
        buckets=DynamoRateLimitBuckets(table=table), limits=lambda: limits, clock=clock
    )
    faults.on(TAKE, unreachable, times=100)

    assert limit.admit(Principal(name="key:a", scopes=frozenset())).remaining == 1
    with pytest.raises(Unavailable):
        limit.admit_anonymous("203.0.113.7")


def test_a_policy_that_changed_holds_at_once(table: Table, clock: FakeClock) -> None:
    buckets = DynamoRateLimitBuckets(table=table)
    slower = RateLimitPolicy(name="caller", limit=RateLimit(count=6, window=60, burst=1))
    for _ in range(3):
        buckets.take("key:a", POLICY, clock())

    with pytest.raises(OverLimit) as over:
        buckets.take("key:a", slower, clock())

    assert over.value.quota.one_more_after == 3
    assert clock() == NOW
