"""What all buckets and every audit store promise."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from signalbox.models.audit import AuditRecord, StoredRecord, append_to_chain
from signalbox.models.errors import TooManyRequests
from signalbox.models.rate_limit_lots import LOT_LIFETIME
from signalbox.models.rate_limits import OverLimit, RateLimit, RateLimitPolicy
from signalbox.services.ports.auth import AuditStore, RateLimitBuckets, RateLimitLotBuckets
from tests.builders import NOW
from tests.fakes.audit import an_entry
from tests.fakes.clock import FakeClock

POLICY = RateLimitPolicy(name="default", limit=RateLimit(count=60, window=60, burst=5))
WIDE = RateLimitPolicy(name="default", limit=RateLimit(count=600, window=60, burst=100))
DAY = "2026-03-01"


class BucketsContract:
    """Inherit and say what `buckets` are."""

    @pytest.fixture
    def buckets(self) -> RateLimitBuckets:
        raise NotImplementedError

    @pytest.fixture
    def take(self, buckets: RateLimitBuckets, clock: FakeClock) -> Callable[[str], int]:
        """What is left once a caller has asked."""
        return lambda key: buckets.take(key, POLICY, clock()).remaining

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    def test_a_burst_is_let_through_and_no_more(self, take: Callable[[str], int]) -> None:
        left = [take("key:a") for _ in range(5)]

        assert left == [4, 3, 2, 1, 0]
        with pytest.raises(OverLimit) as over:
            take("key:a")
        assert over.value.quota.remaining == 0
        assert over.value.quota.one_more_after == 1
        assert over.value.status == TooManyRequests.status

    def test_time_gives_back_what_it_is_worth(
        self, take: Callable[[str], int], clock: FakeClock
    ) -> None:
        for _ in range(5):
            take("key:a")
        clock.advance(seconds=2)

        assert [take("key:a"), take("key:a")] == [1, 0]
        with pytest.raises(OverLimit):
            take("key:a")

    def test_a_wait_is_no_longer_than_it_says(
        self, take: Callable[[str], int], clock: FakeClock
    ) -> None:
        for _ in range(5):
            take("key:a")
        clock.advance(seconds=0.25)
        with pytest.raises(OverLimit) as over:
            take("key:a")

        clock.advance(seconds=over.value.quota.one_more_after)

        assert take("key:a") == 0

    def test_a_refused_request_costs_nothing(
        self, take: Callable[[str], int], clock: FakeClock
    ) -> None:
        for _ in range(5):
            take("key:a")
        for _ in range(50):
            with pytest.raises(OverLimit):
                take("key:a")
        clock.advance(seconds=1)

        assert take("key:a") == 0

    def test_nothing_is_saved_up_beyond_a_burst(
        self, take: Callable[[str], int], clock: FakeClock
    ) -> None:
        take("key:a")
        clock.advance(timedelta(days=2))

        assert take("key:a") == 4

    def test_callers_do_not_share(self, take: Callable[[str], int]) -> None:
        for _ in range(5):
            take("key:a")

        assert take("key:b") == 4


class LotBucketsContract(BucketsContract):
    """Inherit and say what `buckets` are, and another process that shares them."""

    @pytest.fixture
    def buckets(self) -> RateLimitLotBuckets:
        raise NotImplementedError

    @pytest.fixture
    def other(self, buckets: RateLimitLotBuckets) -> RateLimitLotBuckets:
        raise NotImplementedError

    def test_a_lot_is_kept_apart_from_what_is_left(
        self, buckets: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        left, lot = buckets.take_lot("key:a", WIDE, clock(), size=4, used=None)
        clock.advance(seconds=60)
        later = buckets.take("key:a", WIDE, clock())

        assert lot
        assert (left.remaining, lot.size) == (96, 4)
        assert later.remaining == 95

    def test_a_lot_that_was_used_up_is_taken_from_the_rate_with_the_next_one(
        self, buckets: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        _, first = buckets.take_lot("key:a", WIDE, clock(), size=4, used=None)

        left, second = buckets.take_lot("key:a", WIDE, clock(), size=4, used=first)

        assert second
        assert left.remaining == 100 - 4 - 4

    def test_a_lot_of_a_process_that_ended_is_lost_for_ten_minutes_and_its_refill(
        self, buckets: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        buckets.take_lot("key:a", WIDE, clock(), size=4, used=None)
        clock.advance(LOT_LIFETIME)
        _, lot = buckets.take_lot("key:a", WIDE, clock(), size=10, used=None)
        clock.advance(seconds=60)

        left = buckets.take("key:a", WIDE, clock())

        assert lot
        assert left.remaining == 100 - 10 - 1

    def test_all_lots_have_a_tenth_of_the_burst_at_most(
        self, buckets: RateLimitLotBuckets, other: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        taken = [
            each.take_lot("key:a", WIDE, clock(), size=4, used=None)[1]
            for each in (buckets, buckets, other, buckets)
        ]

        assert sum(lot.size for lot in taken if lot) == 8

    def test_there_are_no_lots_where_half_of_the_burst_is_used(
        self, buckets: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        for _ in range(51):
            buckets.take("key:a", WIDE, clock())

        left, lot = buckets.take_lot("key:a", WIDE, clock(), size=4, used=None)

        assert (left.remaining, lot) == (48, None)

    def test_there_are_no_lots_of_a_small_burst(
        self, buckets: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        left, lot = buckets.take_lot("key:a", POLICY, clock(), size=4, used=None)

        assert (left.remaining, lot) == (4, None)

    def test_lots_and_single_requests_together_are_a_burst(
        self, buckets: RateLimitLotBuckets, other: RateLimitLotBuckets, clock: FakeClock
    ) -> None:
        _, lot = buckets.take_lot("key:a", WIDE, clock(), size=10, used=None)
        assert lot

        for _ in range(100 - lot.size):
            other.take("key:a", WIDE, clock())

        with pytest.raises(OverLimit):
            other.take("key:a", WIDE, clock())


class AuditStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> AuditStore:
        raise NotImplementedError

    def test_a_number_is_taken_once(self, store: AuditStore) -> None:
        first, second = (append_to_chain(an_entry(actor=name), DAY, None) for name in "ab")

        assert store.append(first)
        assert not store.append(second)
        assert [row.entry.actor for row in read(store.oldest(DAY))] == ["a"]

    def test_rows_are_in_order_from_both_ends(self, store: AuditStore) -> None:
        numbers = fill(store, 12)

        assert [row.number for row in read(store.oldest(DAY))] == numbers
        assert [row.number for row in read(store.oldest(DAY, chunk=5))] == numbers
        assert [row.number for row in read(store.newest(DAY, chunk=5))] == numbers[::-1]

    def test_rows_before_one_are_found(self, store: AuditStore) -> None:
        fill(store, 12)

        found = read(store.newest(DAY, before="00000010", chunk=2))

        assert [row.number for row in found] == [9, 8, 7, 6, 5, 4, 3, 2, 1]

    def test_days_are_apart(self, store: AuditStore) -> None:
        store.append(append_to_chain(an_entry(), DAY, None))

        assert not list(store.oldest("2026-03-02"))
        assert not list(store.newest("2026-03-02"))


def fill(store: AuditStore, count: int) -> list[int]:
    """Appends a chain of so many rows."""
    end = None
    for number in range(count):
        row = append_to_chain(an_entry(at=NOW + timedelta(seconds=number)), DAY, end)
        assert store.append(row)
        end = row.end
    return list(range(1, count + 1))


def read(rows: Iterator[StoredRecord]) -> list[AuditRecord]:
    return [AuditRecord.model_validate_json(kept.document) for kept in rows]
