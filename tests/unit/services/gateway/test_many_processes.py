"""Many processes, which share nothing but the stores, distribute the calls of a service."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from signalbox.models.upstream import BalancingPolicy, Instance
from signalbox.services.gateway.failover import FailedRequest, RetryBudget
from signalbox.services.gateway.health import CachedHealth, OutlierEjection
from signalbox.services.gateway.instance_circuits import InstanceCircuits
from signalbox.services.gateway.instance_pool import BalancedService, InstanceCall, InstancePool
from tests.fakes.clock import FakeClock
from tests.fakes.instances import FakeInstanceHealth
from tests.unit.services.gateway.test_balancing import CHI_SQUARE, deviation, some_instances

POLICIES = pytest.mark.parametrize("policy", BalancingPolicy)
BEFORE = some_instances(1, 2, 3)
AFTER = some_instances(4, 1, 1)


class Processes:
    """Processes with a pool each, which take turns, and the health that they share."""

    def __init__(self, policy: BalancingPolicy, count: int = 300) -> None:
        self.policy = policy
        self.clock = FakeClock()
        self.health = FakeInstanceHealth()
        self._keys = Random(5)
        self.pools = [self._pool(seed) for seed in range(count)]

    def _pool(self, seed: int) -> InstancePool:
        health = CachedHealth(store=self.health, clock=self.clock)
        random = Random(seed)
        return InstancePool(
            health=health,
            outliers=OutlierEjection(health=health, clock=self.clock),
            circuits=InstanceCircuits(clock=self.clock, random=random),
            budget=RetryBudget(),
            clock=self.clock,
            random=random,
        )

    def service(self, instances: Sequence[Instance]) -> BalancedService:
        return BalancedService(name="orders", instances=instances, policy=self.policy)

    def calls(
        self, instances: Sequence[Instance], *, each: int = 3, down: str = ""
    ) -> Counter[str]:
        """What answered, if each process gets so many requests of one client each."""
        service, answered = self.service(instances), Counter[str]()
        for _ in range(each):
            for pool in self.pools:
                key = f"user-{self._keys.random()}"
                call = pool.begin(service, key=key)
                pool.end(call, seconds=0.01, answered=call.instance.id != down)
                if call.instance.id == down:
                    failed = FailedRequest(method="GET", attempts=1, max_retries=1, seconds_left=9)
                    other = pool.fail_over(service, failed, tried=[down], key=key)
                    assert isinstance(other, InstanceCall)
                    pool.end(other, seconds=0.01, answered=True)
                    call = other
                answered[call.instance.id] += 1
        return answered


def expected_of(policy: BalancingPolicy, instances: Sequence[Instance]) -> Sequence[Instance]:
    if policy is not BalancingPolicy.ROUND_ROBIN:
        return instances
    return [each.model_copy(update={"weight": 1}) for each in instances]


@POLICIES
def test_the_calls_of_many_processes_are_distributed_by_weight(policy: BalancingPolicy) -> None:
    answered = Processes(policy).calls(BEFORE)

    assert sum(answered.values()) == 900
    assert deviation(answered, expected_of(policy, BEFORE)) < CHI_SQUARE[2]


@POLICIES
def test_weights_that_change_meanwhile_count_in_every_process(policy: BalancingPolicy) -> None:
    processes = Processes(policy)
    processes.calls(BEFORE)

    answered = processes.calls(AFTER)

    assert deviation(answered, expected_of(policy, AFTER)) < CHI_SQUARE[2]
    if policy is not BalancingPolicy.ROUND_ROBIN:
        assert deviation(answered, BEFORE) > CHI_SQUARE[2]


@POLICIES
def test_new_processes_are_as_fair_as_those_that_run(policy: BalancingPolicy) -> None:
    first, second = Processes(policy, 600), Processes(policy, 10)

    each_one = first.calls(BEFORE, each=1)
    each_many = second.calls(BEFORE, each=60)

    expected = expected_of(policy, BEFORE)
    assert deviation(each_one, expected) < CHI_SQUARE[2]
    assert deviation(each_many, expected) < CHI_SQUARE[2]


@POLICIES
def test_an_instance_that_is_down_is_left_out_by_all_after_a_few_calls(
    policy: BalancingPolicy,
) -> None:
    processes = Processes(policy, 20)
    processes.calls(BEFORE, each=20, down="c")
    processes.clock.advance(seconds=5)

    attempts = Counter[str]()
    for pool in processes.pools:
        call = pool.begin(processes.service(BEFORE), key="u")
        pool.end(call, seconds=0.01, answered=True)
        attempts[call.instance.id] += 1

    assert not processes.health.kept["orders"].by_id["c"].is_available(processes.clock())
    assert attempts["c"] == 0
