"""What all buckets and every audit store promise."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from signalbox.models.audit import AuditRecord, StoredRecord, append_to_chain
from signalbox.models.errors import TooManyRequests
from signalbox.models.rate_limits import OverLimit, RateLimit, RateLimitPolicy
from signalbox.services.ports.auth import AuditStore, RateLimitBuckets
from tests.builders import NOW
from tests.fakes.audit import an_entry
from tests.fakes.clock import FakeClock

POLICY = RateLimitPolicy(name="default", limit=RateLimit(count=60, window=60, burst=5))
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
