from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.circuit import (
    PROBE_FOR,
    CallResult,
    Circuit,
    CircuitState,
    begin_probe,
    blocked_for,
    opened,
    probe_abandoned,
    probe_succeeded,
    should_open,
)
from tests.builders import NOW

SECOND = timedelta(seconds=1)
OPEN = opened(Circuit(), NOW, Random(7))
PROBE = begin_probe(OPEN, NOW)


def calls(story: str, every: timedelta = SECOND) -> list[CallResult]:
    """A call for each letter, the last one now; `x` is one that was not heard."""
    first = NOW - every * (len(story) - 1)
    return [
        CallResult(at=first + every * number, answered=letter != "x")
        for number, letter in enumerate(story)
    ]


@pytest.mark.parametrize(
    ("story", "every", "trip"),
    [
        ("xxxxx", SECOND, True),
        ("xxxx", SECOND, False),
        ("xxxx.", SECOND, False),
        ("x.x.x.x.x", SECOND, True),
        ("x.x.x.x", SECOND, False),
        (".....x.x.x.x.x", SECOND, False),
        ("x.x.x.x.x" + "." * 11, SECOND, False),
        ("xxxxx" + "." * 20, SECOND, False),
        ("xxxxx", 60 * SECOND, True),
        ("xxxxx", 80 * SECOND, False),
        ("x.x.x.x.x", 4 * SECOND, False),
        ("", SECOND, False),
    ],
)
def test_five_in_a_row_or_five_and_half_of_the_last_ones_are_too_many(
    story: str, every: timedelta, *, trip: bool
) -> None:
    assert should_open(calls(story, every), NOW) is trip


@given(story=st.text("x.", max_size=30))
def test_fewer_than_five_are_never_too_many(story: str) -> None:
    if story[-20:].count("x") < 5:
        assert not should_open(calls(story), NOW)


@given(story=st.text("x.", max_size=30), frozen=st.integers(301, 100_000))
def test_what_was_seen_before_a_freeze_says_nothing(story: str, frozen: int) -> None:
    assert not should_open(calls(story), NOW + frozen * SECOND)


def test_it_cools_twice_as_long_each_time_up_to_five_minutes() -> None:
    circuit, cools = Circuit(), []
    for _ in range(9):
        circuit = opened(circuit, NOW, Random(7))
        assert circuit.open_until
        cools.append((circuit.open_until - NOW) / SECOND)

    factor = cools[0] / 5
    assert 0.8 <= factor <= 1.2
    assert [cool / factor for cool in cools] == pytest.approx(
        [5, 10, 20, 40, 80, 160, 300] + [300] * 2
    )


@given(seed=st.integers())
def test_cooling_differs_by_a_fifth_at_most(seed: int) -> None:
    until = opened(Circuit(), NOW, Random(seed)).open_until

    assert until
    assert 4 * SECOND <= until - NOW <= 6 * SECOND


def test_a_probe_has_its_time() -> None:
    assert (PROBE.state, PROBE.blocked_until) == (CircuitState.HALF_OPEN, NOW + PROBE_FOR)


def test_the_second_probe_that_is_heard_closes_it_and_all_is_forgotten() -> None:
    first = probe_succeeded(PROBE, NOW)

    assert (first.state, first.blocked_until) == (CircuitState.HALF_OPEN, NOW)
    assert probe_succeeded(begin_probe(first, NOW), NOW) == Circuit(version=first.version + 2)


def test_a_probe_that_fails_opens_it_for_longer() -> None:
    again = opened(begin_probe(probe_succeeded(PROBE, NOW), NOW), NOW, Random(7))

    assert (again.state, again.streak, again.probe_successes) == (CircuitState.OPEN, 2, 0)


def test_a_probe_that_was_not_made_changes_nothing_but_lets_the_next_one_come() -> None:
    first = probe_succeeded(PROBE, NOW)

    left = probe_abandoned(begin_probe(first, NOW), NOW)

    assert (left.probe_successes, left.streak, left.blocked_until) == (
        first.probe_successes,
        first.streak,
        NOW,
    )


def test_every_write_has_a_number_of_its_own() -> None:
    steps = [Circuit(), OPEN, PROBE, probe_succeeded(PROBE, NOW)]
    steps.append(opened(steps[-1], NOW, Random(7)))

    assert [step.version for step in steps] == [0, 1, 2, 3, 4]


@given(streak=st.integers(1, 1_000), seed=st.integers(), late=st.integers(-400, 400))
def test_who_waits_comes_after_the_circuit_may_be_probed_and_not_with_all_others(
    streak: int, seed: int, late: int
) -> None:
    circuit = opened(Circuit(streak=streak - 1), NOW, Random(seed))
    assert circuit.open_until
    now = circuit.open_until + late * SECOND

    waits = [blocked_for(circuit, now, Random(each)) for each in (seed, seed + 1)]
    half = blocked_for(begin_probe(circuit, now), now, Random(seed))

    assert min(waits) > max(circuit.open_until - now, 0 * SECOND)
    assert waits[0] != waits[1]
    assert SECOND <= half <= 90 * SECOND
