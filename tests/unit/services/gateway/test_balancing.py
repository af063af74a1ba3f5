"""Which instance is chosen: fairly, in one process and in many that share nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalbox.models.errors import Unavailable
from signalbox.models.upstream import MAX_INSTANCES, BalancingPolicy, Instance
from signalbox.services.gateway.balancing import Balancer, make_balancer
from tests.fakes.clock import FakeClock

POLICIES = pytest.mark.parametrize("policy", BalancingPolicy)
WEIGHTED = sorted(set(BalancingPolicy) - {BalancingPolicy.ROUND_ROBIN})
TURNS = [BalancingPolicy.ROUND_ROBIN, BalancingPolicy.WEIGHTED_ROUND_ROBIN]
WEIGHTS = st.lists(st.integers(1, 256) | st.integers(1, 5), min_size=1, max_size=6)

CHI_SQUARE: Mapping[int, float] = {1: 10.83, 2: 13.82, 4: 18.47}
"""What a sum of squares exceeds once in a thousand, by degrees of freedom."""


def some_instances(*weights: int) -> list[Instance]:
    """Instances `a`, `b`, … with these weights."""
    return [
        Instance(id=chr(ord("a") + number), url=f"http://10.0.0.{number}:8080", weight=weight)
        for number, weight in enumerate(weights)
    ]


def a_balancer(policy: BalancingPolicy, seed: int = 7, clock: FakeClock | None = None) -> Balancer:
    return make_balancer(policy, clock=clock or FakeClock(), random=Random(seed))


def one_call(balancer: Balancer, instances: Sequence[Instance], seconds: float = 0.01) -> str:
    instance = balancer.pick(instances)
    balancer.begin(instance)
    balancer.end(instance, seconds=seconds, answered=True)
    return instance.id


def deviation(picks: Mapping[str, int], instances: Sequence[Instance]) -> float:
    """The chi-square statistic of these choices against the weights."""
    total, weights = sum(picks.values()), sum(each.weight for each in instances)
    expected = {each.id: total * each.weight / weights for each in instances}
    return sum((picks.get(name, 0) - share) ** 2 / share for name, share in expected.items())


@POLICIES
@settings(deadline=None)
@given(weights=WEIGHTS, seed=st.integers(0, 99), key=st.none() | st.text())
def test_some_instance_is_always_chosen_while_there_is_one(
    policy: BalancingPolicy, weights: list[int], seed: int, key: str | None
) -> None:
    instances = some_instances(*weights)
    balancer = a_balancer(policy, seed)

    for size in (len(instances), 1, len(instances)):
        there = instances[:size]

        assert balancer.pick(there, key, shares={"a": 0.0}) in there


@POLICIES
def test_without_an_instance_the_service_is_unavailable(policy: BalancingPolicy) -> None:
    with pytest.raises(Unavailable):
        a_balancer(policy).pick([], "key")


@pytest.mark.parametrize("policy", WEIGHTED)
@pytest.mark.parametrize("weights", [(5, 1, 1), (1, 1, 1, 1, 1), (10, 1), (256, 128)])
@pytest.mark.parametrize("number", [0, 1, 6])
def test_the_same_call_of_many_processes_is_distributed_by_weight(
    policy: BalancingPolicy, weights: tuple[int, ...], number: int
) -> None:
    instances = some_instances(*weights)

    picks = Counter(
        [one_call(process, instances) for _ in range(number + 1)][-1]
        for process in (a_balancer(policy, seed) for seed in range(1_000))
    )

    assert deviation(picks, instances) < CHI_SQUARE[len(weights) - 1]


def test_round_robin_ignores_weights() -> None:
    instances = some_instances(5, 1, 1)

    picks = Counter(
        one_call(a_balancer(BalancingPolicy.ROUND_ROBIN, seed), instances) for seed in range(2_000)
    )

    assert deviation(picks, some_instances(1, 1, 1)) < CHI_SQUARE[2]


@settings(deadline=None)
@given(weights=WEIGHTS, seed=st.integers(0, 99), skipped=st.integers(0, 50))
def test_as_many_turns_as_the_weights_sum_to_give_each_instance_its_weight(
    weights: list[int], seed: int, skipped: int
) -> None:
    instances = some_instances(*weights)
    balancer = a_balancer(BalancingPolicy.WEIGHTED_ROUND_ROBIN, seed)
    for _ in range(skipped):
        balancer.pick(instances)

    picks = Counter(balancer.pick(instances).id for _ in range(sum(weights)))

    # two turns at the same virtual time may be swapped by the rounding of floats
    assert all(abs(picks[each.id] - each.weight) <= 1 for each in instances)


def test_the_heaviest_instance_does_not_take_its_turns_in_one_go() -> None:
    instances = some_instances(5, 1, 1)
    balancer = a_balancer(BalancingPolicy.WEIGHTED_ROUND_ROBIN)

    picks = "".join(balancer.pick(instances).id for _ in range(700))

    assert "aaaaaa" not in picks
    assert picks.count("a") == 500


@pytest.mark.parametrize("policy", TURNS)
def test_an_instance_that_was_away_does_not_make_up_for_it(policy: BalancingPolicy) -> None:
    instances = some_instances(1, 1, 1)
    balancer = a_balancer(policy)
    for _ in range(30):
        balancer.pick(instances)
    for _ in range(300):
        balancer.pick(instances[1:])

    picks = Counter(balancer.pick(instances).id for _ in range(30))

    assert picks == {"a": 10, "b": 10, "c": 10}


@pytest.mark.parametrize("policy", WEIGHTED)
def test_a_changed_weight_counts_at_once(policy: BalancingPolicy) -> None:
    balancer = a_balancer(policy)
    keys = iter(range(10_000))
    for _ in range(100):
        balancer.pick(some_instances(1, 1), str(next(keys)))
    changed = some_instances(1, 9)

    picks = Counter(balancer.pick(changed, str(next(keys))).id for _ in range(2_000))

    assert deviation(picks, changed) < CHI_SQUARE[1]


@POLICIES
def test_an_instance_that_starts_gets_its_share_alone(policy: BalancingPolicy) -> None:
    instances = some_instances(4, 4)
    balancer = a_balancer(policy)

    picks = Counter(
        balancer.pick(instances, str(number), shares={"b": 0.25}).id for number in range(2_000)
    )

    assert deviation(picks, some_instances(4, 1)) < CHI_SQUARE[1]


def test_the_instance_with_the_fewest_outstanding_calls_for_its_weight_is_chosen() -> None:
    instances = some_instances(2, 1)
    balancer = a_balancer(BalancingPolicy.LEAST_OUTSTANDING)
    for _ in range(30):
        balancer.begin(balancer.pick(instances))
    first, last = instances
    for _ in range(10):
        balancer.end(last, seconds=0.1, answered=True)

    picks = [balancer.pick(instances).id for _ in range(5)]

    assert picks == ["b"] * 5
    balancer.end(first, seconds=0.1, answered=True)


@pytest.mark.parametrize(
    "policy", [BalancingPolicy.LEAST_OUTSTANDING, BalancingPolicy.POWER_OF_TWO_CHOICES]
)
def test_outstanding_calls_are_spread_by_weight(policy: BalancingPolicy) -> None:
    instances = some_instances(4, 2, 2)
    balancer = a_balancer(policy)

    held = Counter[str]()
    for _ in range(80):
        instance = balancer.pick(instances)
        balancer.begin(instance)
        held[instance.id] += 1

    assert abs(held["a"] - 40) <= 4
    assert abs(held["b"] - 20) <= 4


def test_of_two_choices_the_faster_one_wins_until_the_other_is_tried_again() -> None:
    clock = FakeClock()
    fast, slow = instances = some_instances(1, 1)
    balancer = a_balancer(BalancingPolicy.POWER_OF_TWO_CHOICES, clock=clock)
    balancer.end(fast, seconds=0.01, answered=True)
    balancer.end(slow, seconds=0.5, answered=True)

    picks = {balancer.pick(instances).id for _ in range(100)}
    clock.advance(seconds=31)
    later = {balancer.pick(instances).id for _ in range(100)}

    assert picks == {fast.id}
    assert later == {fast.id, slow.id}


def test_of_two_choices_one_that_fails_at_once_is_not_the_faster_one() -> None:
    good, refusing = instances = some_instances(1, 1)
    balancer = a_balancer(BalancingPolicy.POWER_OF_TWO_CHOICES)
    balancer.end(good, seconds=0.2, answered=True)
    balancer.end(refusing, seconds=0.001, answered=False)

    picks = {balancer.pick(instances).id for _ in range(100)}

    assert picks == {good.id}


def test_a_call_with_an_unknown_outcome_ends_without_a_latency() -> None:
    good, left = instances = some_instances(1, 1)
    balancer = a_balancer(BalancingPolicy.POWER_OF_TWO_CHOICES)
    balancer.end(good, seconds=0.01, answered=True)
    balancer.begin(left)
    balancer.end(left, seconds=9, answered=None)

    picks = {balancer.pick(instances).id for _ in range(100)}

    assert picks == {good.id, left.id}


def test_a_latency_follows_what_the_instance_does_now() -> None:
    clock = FakeClock()
    first, second = instances = some_instances(1, 1)
    balancer = a_balancer(BalancingPolicy.POWER_OF_TWO_CHOICES, clock=clock)
    balancer.end(first, seconds=3, answered=True)
    for _ in range(60):
        clock.advance(seconds=1)
        balancer.end(first, seconds=0.01, answered=True)
        balancer.end(second, seconds=0.1, answered=True)

    assert {balancer.pick(instances).id for _ in range(50)} == {first.id}


def test_equal_keys_get_the_same_instance_in_every_process() -> None:
    instances = some_instances(3, 2, 1)

    picks = {
        a_balancer(BalancingPolicy.CONSISTENT_HASH, seed).pick(order, "cart-42").id
        for seed in range(20)
        for order in (instances, instances[::-1])
    }

    assert len(picks) == 1


@settings(deadline=None)
@given(weights=st.lists(st.integers(1, 256), min_size=2, max_size=8), left=st.integers(0, 7))
def test_only_the_keys_of_an_instance_that_leaves_move(weights: list[int], left: int) -> None:
    instances = some_instances(*weights)
    gone = instances[left % len(instances)]
    balancer = a_balancer(BalancingPolicy.CONSISTENT_HASH)

    for number in range(50):
        before = balancer.pick(instances, f"key-{number}")
        after = balancer.pick([each for each in instances if each != gone], f"key-{number}")

        assert before in (gone, after)


def test_keys_move_only_to_the_instance_whose_weight_grows() -> None:
    balancer = a_balancer(BalancingPolicy.CONSISTENT_HASH)
    keys = [f"key-{number}" for number in range(500)]

    before = {key: balancer.pick(some_instances(1, 1, 1), key).id for key in keys}
    after = {key: balancer.pick(some_instances(1, 1, 2), key).id for key in keys}

    moved = {after[key] for key in keys if after[key] != before[key]}
    assert moved == {"c"}


@POLICIES
def test_instances_that_come_and_go_are_forgotten(policy: BalancingPolicy) -> None:
    balancer = a_balancer(policy)

    for number in range(500):
        names = [f"pod-{number}", f"pod-{number + 1}"]
        picks = {one_call(balancer, [Instance(id=each, url="http://a") for each in names])}
        assert picks <= set(names)

    known = [getattr(balancer, name, {}) for name in ("_turns", "_latencies")]
    assert max(map(len, known)) <= 2 * MAX_INSTANCES + 2


def test_threads_share_a_balancer() -> None:
    instances = some_instances(3, 2, 1)
    balancer = a_balancer(BalancingPolicy.WEIGHTED_ROUND_ROBIN)
    picks: list[str] = []
    threads = [
        Thread(target=lambda: picks.extend(balancer.pick(instances).id for _ in range(60)))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(picks) == {"a": 120, "b": 80, "c": 40}
