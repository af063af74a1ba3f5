"""What a request of a service costs, and what becomes of it, while instances fail."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalbox.models.errors import Unavailable
from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult
from signalbox.models.upstream import BalancingPolicy, Instance
from signalbox.services.gateway.failover import (
    RETRY_RESERVE,
    FailedRequest,
    FailoverRefusal,
    RetryBudget,
)
from signalbox.services.gateway.health import CachedHealth, OutlierEjection, RecordChecks
from signalbox.services.gateway.instance_circuits import InstanceCircuits
from signalbox.services.gateway.instance_pool import (
    BalancedService,
    InstanceCall,
    InstancePool,
    NoInstanceAvailable,
)
from tests.fakes.clock import FakeClock
from tests.fakes.instances import FakeInstanceHealth

FAILED = FailedRequest(method="GET", attempts=1, max_retries=1, seconds_left=5)


def a_service(ids: str = "abc", **changes: object) -> BalancedService:
    """A service with an instance for each letter."""
    instances = [Instance(id=each, url=f"http://{each}.internal") for each in ids]
    service = BalancedService(name="orders", instances=instances)
    return replace(service, **changes)  # type: ignore[arg-type]


@dataclass
class Rig:
    """One process, and the instances that are down."""

    down: Collection[str] = ()
    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeInstanceHealth = field(default_factory=FakeInstanceHealth)
    called: Counter[str] = field(default_factory=Counter)
    random: Random = field(default_factory=lambda: Random(7))

    def __post_init__(self) -> None:
        health = CachedHealth(store=self.store, clock=self.clock)
        self.pool = InstancePool(
            health=health,
            outliers=OutlierEjection(health=health, clock=self.clock),
            circuits=InstanceCircuits(clock=self.clock, random=self.random),
            budget=RetryBudget(),
            clock=self.clock,
            random=self.random,
        )

    def send(self, call: InstanceCall) -> bool:
        answered = call.instance.id not in self.down
        self.called[call.instance.id] += 1
        self.pool.end(call, seconds=0.01, answered=answered)
        return answered

    def request(self, service: BalancedService, request: FailedRequest = FAILED) -> bool:
        """Make a request as the proxy does, and return whether it was answered."""
        call = self.pool.begin(service)
        if self.send(call):
            return True
        other = self.pool.fail_over(service, request, tried=[call.instance.id])
        return isinstance(other, InstanceCall) and self.send(other)

    def requests(self, service: BalancedService, number: int, seconds: float = 0.1) -> list[bool]:
        """Make requests one after the other, also while no instance is available."""
        answered = []
        for _ in range(number):
            self.clock.advance(seconds=seconds)
            try:
                answered.append(self.request(service))
            except NoInstanceAvailable:
                answered.append(False)
        return answered

    def check(self, service: BalancedService, *, unhealthy: Collection[str]) -> None:
        checks = RecordChecks(store=self.store, clock=self.clock)
        rules = HealthCheck(unhealthy_threshold=1, healthy_threshold=1)
        results = [CheckResult(instance=each, passed=each not in unhealthy) for each in service.ids]
        checks(service.name, service.ids, results, rules)
        self.clock.advance(seconds=5)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_requests_are_spread_over_all_instances(rig: Rig) -> None:
    rig.requests(a_service(), 30)

    assert rig.called == {"a": 10, "b": 10, "c": 10}


def test_an_instance_that_is_down_costs_no_request(rig: Rig) -> None:
    rig.down = {"a"}

    answered = rig.requests(a_service(), 600)

    assert all(answered)
    assert 5 <= rig.called["a"] <= 12


def test_an_instance_that_is_back_gets_its_share_again(rig: Rig) -> None:
    rig.down = {"a"}
    rig.requests(a_service(), 300)
    rig.down = ()
    rig.requests(a_service(), 600)
    rig.called.clear()

    rig.requests(a_service(), 30)

    assert rig.called == {"a": 10, "b": 10, "c": 10}


def test_a_service_that_is_down_is_called_a_few_times_and_then_refused_at_once(rig: Rig) -> None:
    rig.down = {"a", "b", "c"}

    rig.requests(a_service(), 600)

    assert rig.called.total() <= 3 * 12
    with pytest.raises(NoInstanceAvailable) as refused:
        rig.pool.begin(a_service())
    assert timedelta(seconds=1) <= refused.value.after <= timedelta(seconds=30)


def test_a_service_that_is_down_leaves_others_alone(rig: Rig) -> None:
    rig.down = {"a", "b", "c"}
    rig.requests(a_service(), 100)

    assert all(rig.requests(a_service("de", name="users"), 100))


def test_a_service_without_instances_is_unavailable(rig: Rig) -> None:
    with pytest.raises(NoInstanceAvailable) as refused:
        rig.pool.begin(a_service(""))

    assert refused.value.after > timedelta()
    assert isinstance(refused.value, Unavailable)


def test_unhealthy_instances_are_not_called(rig: Rig) -> None:
    rig.check(a_service(), unhealthy={"a", "b"})

    rig.requests(a_service(), 10)

    assert rig.called == {"c": 10}


def test_when_all_are_unhealthy_all_are_called(rig: Rig) -> None:
    rig.check(a_service(), unhealthy={"a", "b", "c"})

    assert all(rig.requests(a_service(), 30))
    assert rig.called == {"a": 10, "b": 10, "c": 10}


def test_when_the_healthy_ones_do_not_answer_an_unhealthy_one_is_tried(rig: Rig) -> None:
    service = a_service()
    rig.check(service, unhealthy={"a"})
    rig.down = {"b", "c"}
    rig.requests(service, 50)
    rig.called.clear()

    answered = rig.requests(service, 100)

    assert rig.called["a"] == answered.count(True) >= 95  # the others are probes


def test_a_store_that_is_down_stops_no_request(rig: Rig) -> None:
    rig.store.down, rig.down = True, {"a"}

    assert all(rig.requests(a_service(), 300))


def test_a_new_instance_gets_a_growing_share(rig: Rig) -> None:
    service = a_service("ab", slow_start=timedelta(minutes=1))
    rig.check(service, unhealthy=())
    rig.clock.advance(minutes := timedelta(minutes=5))
    service = a_service("abc", slow_start=timedelta(minutes=1))
    rig.check(service, unhealthy=())

    rig.requests(service, 200, seconds=0.01)
    first = rig.called["c"]
    rig.called.clear()
    rig.clock.advance(minutes)
    rig.requests(service, 210)

    assert 2 <= first <= 25
    assert rig.called == {"a": 70, "b": 70, "c": 70}


def test_a_key_keeps_its_instance_while_that_is_available(rig: Rig) -> None:
    service = a_service(policy=BalancingPolicy.CONSISTENT_HASH)

    calls = [rig.pool.begin(service, key="cart-42") for _ in range(10)]
    first = calls[0].instance.id
    other = rig.pool.fail_over(service, FAILED, tried=[first], key="cart-42")

    assert {call.instance.id for call in calls} == {first}
    assert isinstance(other, InstanceCall)
    assert other.instance.id != first


def test_outstanding_calls_count_until_they_end(rig: Rig) -> None:
    service = a_service("ab", policy=BalancingPolicy.LEAST_OUTSTANDING)

    first, second = rig.pool.begin(service), rig.pool.begin(service)
    rig.pool.end(first, seconds=1, answered=None)
    third = rig.pool.begin(service)

    assert first.instance != second.instance
    assert third.instance == first.instance


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"method": "POST"}, FailoverRefusal.NOT_IDEMPOTENT),
        ({"response_started": True}, FailoverRefusal.RESPONSE_STARTED),
        ({"attempts": 2}, FailoverRefusal.RETRIES_USED),
    ],
)
def test_a_call_that_may_not_be_repeated_takes_nothing_of_the_budget(
    rig: Rig, changes: dict[str, object], refusal: FailoverRefusal
) -> None:
    request = replace(FAILED, **changes)  # type: ignore[arg-type]

    refusals = [rig.pool.fail_over(a_service(), request, tried=["a"]) for _ in range(20)]

    assert refusals == [refusal] * 20
    assert isinstance(rig.pool.fail_over(a_service(), FAILED, tried=["a"]), InstanceCall)


def test_a_call_is_repeated_only_at_another_instance(rig: Rig) -> None:
    refusal = rig.pool.fail_over(a_service("ab"), FAILED, tried=["a", "b"])

    assert refusal is FailoverRefusal.NO_OTHER_INSTANCE


def test_no_call_is_repeated_without_budget(rig: Rig) -> None:
    outcomes = [rig.pool.fail_over(a_service(), FAILED, tried=["a"]) for _ in range(12)]

    assert outcomes[RETRY_RESERVE:] == [FailoverRefusal.BUDGET] * 2


def test_five_requests_earn_a_retry(rig: Rig) -> None:
    while isinstance(rig.pool.fail_over(a_service(), FAILED, tried=["a"]), InstanceCall):
        pass
    rig.requests(a_service(), 5)

    outcomes = [rig.pool.fail_over(a_service(), FAILED, tried=["a"]) for _ in range(2)]

    assert isinstance(outcomes[0], InstanceCall)
    assert outcomes[1] is FailoverRefusal.BUDGET


def test_a_call_is_not_repeated_at_an_instance_whose_circuit_is_open(rig: Rig) -> None:
    rig.down = {"a"}
    rig.requests(a_service(), 60)

    outcomes = [rig.pool.fail_over(a_service("ab"), FAILED, tried=["b"]) for _ in range(3)]

    assert outcomes == [FailoverRefusal.NO_OTHER_INSTANCE] * 3


@settings(deadline=None, max_examples=50)
@given(
    phases=st.lists(st.sets(st.sampled_from("abcd")), max_size=8),
    policy=st.sampled_from(BalancingPolicy),
    seed=st.integers(0, 9),
)
def test_a_service_recovers_and_no_budget_is_exceeded_whatever_fails(
    phases: Sequence[set[str]], policy: BalancingPolicy, seed: int
) -> None:
    rig, service, requests = Rig(random=Random(seed)), a_service("abcd", policy=policy), 0
    for down in phases:
        rig.down = down
        requests += len(rig.requests(service, 40))

    assert rig.called.total() <= requests + RETRY_RESERVE + requests / 5
    rig.down = ()
    rig.requests(service, 40, seconds=10)
    assert all(rig.requests(service, 40))
