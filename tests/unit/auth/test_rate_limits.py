"""Everybody has a bucket, strangers one for each address, and none is free when all is down."""

from datetime import datetime

import pytest

from signalbox.auth.rate_limits import (
    LocalRateLimitBuckets,
    RateLimiter,
)
from signalbox.models.errors import Unavailable
from signalbox.models.ip_addresses import client_network
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import (
    Limits,
    OverLimit,
    RateLimit,
    RateLimitPolicy,
    RateLimitQuota,
    rate_limit_headers,
    retry_headers,
)
from tests.contract.guards import BucketsContract
from tests.fakes.clock import FakeClock

ALICE = Principal(name="jwt:corp/alice", scopes=frozenset())
LIMITS = Limits(
    default=RateLimit(count=60, burst=20),
    anonymous=RateLimit(count=60, burst=3),
    refused=RateLimit(count=20, burst=2),
)


class TestLocalBuckets(BucketsContract):
    @pytest.fixture
    def buckets(self) -> LocalRateLimitBuckets:
        return LocalRateLimitBuckets()

    def test_it_forgets_who_came_long_ago(
        self, buckets: LocalRateLimitBuckets, clock: FakeClock
    ) -> None:
        policy = RateLimitPolicy(name="default", limit=LIMITS.default)

        for number in range(10_050):
            buckets.take(f"ip:{number}", policy, clock())

        assert len(buckets._arrivals) == 10_000


class FlakyBuckets:
    """Buckets that are down while a test says so."""

    def __init__(self) -> None:
        self._buckets = LocalRateLimitBuckets()
        self.down = False
        self.asked: list[str] = []

    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        self.asked.append(key)
        if self.down:
            raise Unavailable("the table did not answer")
        return self._buckets.take(key, policy, now)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def buckets() -> FlakyBuckets:
    return FlakyBuckets()


@pytest.fixture
def limit(buckets: FlakyBuckets, clock: FakeClock) -> RateLimiter:
    return RateLimiter(buckets=buckets, limits=lambda: LIMITS, clock=clock, processes=10)


class TestWhoSharesABucket:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
            ("2001:db8:1:2::1", "2001:0DB8:0001:0002:0000:0000:0000:0001"),
            ("203.0.113.7", "::ffff:203.0.113.7"),
            ("203.0.113.7", "::FFFF:cb00:7107"),
            ("", "not an address"),
        ],
    )
    def test_one_host_has_one(self, one: str, other: str) -> None:
        assert client_network(one) == client_network(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("203.0.113.7", "203.0.113.8"), ("2001:db8:1:2::1", "2001:db8:1:3::1")],
    )
    def test_other_hosts_have_others(self, one: str, other: str) -> None:
        assert client_network(one) != client_network(other)

    def test_strangers_are_counted_by_address(self, limit: RateLimiter) -> None:
        for _ in range(3):
            limit.admit_anonymous("203.0.113.7")

        with pytest.raises(OverLimit):
            limit.admit_anonymous("203.0.113.7")
        assert limit.admit_anonymous("203.0.113.8").remaining == 2

    def test_wrong_credentials_are_counted_apart(
        self, limit: RateLimiter, buckets: FlakyBuckets
    ) -> None:
        for _ in range(2):
            limit.count_rejected_credentials("203.0.113.7")

        with pytest.raises(OverLimit):
            limit.count_rejected_credentials("203.0.113.7")
        assert limit.admit_anonymous("203.0.113.7").remaining == 2
        assert set(buckets.asked) == {"refused:203.0.113.7", "ip:203.0.113.7"}

    def test_callers_are_counted_by_name(self, limit: RateLimiter, buckets: FlakyBuckets) -> None:
        assert limit.admit(ALICE).remaining == 19
        assert buckets.asked == ["jwt:corp/alice"]


class TestWhileTheBucketsAreDown:
    def test_callers_we_know_have_a_part_of_their_limit(
        self, limit: RateLimiter, buckets: FlakyBuckets
    ) -> None:
        buckets.down = True

        assert [limit.admit(ALICE).remaining for _ in range(2)] == [1, 0]
        with pytest.raises(OverLimit):
            limit.admit(ALICE)

    def test_strangers_are_not_let_in(self, limit: RateLimiter, buckets: FlakyBuckets) -> None:
        buckets.down = True

        with pytest.raises(Unavailable):
            limit.admit_anonymous("203.0.113.7")

    def test_they_are_asked_every_five_seconds(
        self, limit: RateLimiter, buckets: FlakyBuckets, clock: FakeClock
    ) -> None:
        buckets.down = True
        limit.admit(ALICE)
        buckets.down = False

        limit.admit(ALICE)
        assert len(buckets.asked) == 1
        clock.advance(seconds=5)
        assert limit.admit(ALICE).remaining == 19
        assert len(buckets.asked) == 2


class TestWhatCallersAreTold:
    def test_what_is_left_and_when_there_is_more(self) -> None:
        policy = RateLimitPolicy(name="worker", limit=RateLimit(count=1200, window=60, burst=200))

        headers = rate_limit_headers(RateLimitQuota(policy=policy, remaining=42, one_more_after=7))

        assert headers == {
            "ratelimit-policy": '"worker";q=1200;w=60',
            "ratelimit": '"worker";r=42;t=7',
        }

    def test_who_is_over_is_told_when_to_come_back(self, limit: RateLimiter) -> None:
        for _ in range(20):
            limit.admit(ALICE)
        with pytest.raises(OverLimit) as over:
            limit.admit(ALICE)

        headers = retry_headers(over.value)

        assert headers["retry-after"] == "1"
        assert headers["ratelimit"] == '"default";r=0;t=1'
