"""The circuits of instances in one process."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest

from signalbox.models.circuit import CircuitState
from signalbox.services.gateway.instance_circuits import CircuitAdmission, InstanceCircuits
from tests.fakes.clock import FakeClock


class Rig:
    """One process, and the circuit of the instance `a` of a service."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.circuits = InstanceCircuits(clock=self.clock, random=Random(7))

    def call(self, *, answered: bool | None, instance: str = "a") -> None:
        admission = self.circuits.admit("orders", instance)
        assert admission
        self.circuits.record(admission, answered=answered)

    def fail(self, times: int = 5) -> None:
        for _ in range(times):
            self.call(answered=False)

    def probe(self) -> CircuitAdmission:
        """The admission of a probe, as soon as there is one."""
        self.clock.advance(self.wait)
        admission = self.circuits.admit("orders", "a")
        assert admission
        assert admission.probe
        return admission

    @property
    def wait(self) -> timedelta:
        return self.circuits.wait("orders", "a")

    @property
    def state(self) -> CircuitState:
        return self.circuits.get("orders", "a").state


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_an_instance_that_fails_five_times_in_a_row_is_not_called(rig: Rig) -> None:
    rig.fail(4)
    assert rig.wait == timedelta()

    rig.fail(1)

    assert rig.circuits.admit("orders", "a") is None
    assert timedelta(seconds=4) <= rig.wait <= timedelta(seconds=6)


def test_other_instances_and_services_are_called(rig: Rig) -> None:
    rig.fail()

    assert rig.circuits.admit("orders", "b")
    assert rig.circuits.admit("users", "a")


def test_an_instance_that_answers_is_remembered_no_more(rig: Rig) -> None:
    rig.fail(4)
    for _ in range(20):
        rig.call(answered=True)

    assert rig.circuits._calls == {}


def test_two_successful_probes_close_the_circuit(rig: Rig) -> None:
    rig.fail()

    states = []
    for _ in range(2):
        rig.circuits.record(rig.probe(), answered=True)
        states.append(rig.state)

    assert states == [CircuitState.HALF_OPEN, CircuitState.CLOSED]
    assert rig.circuits._circuits == {}


def test_a_failed_probe_opens_it_for_longer_but_thirty_seconds_at_most(rig: Rig) -> None:
    rig.fail()

    waits = []
    for _ in range(8):
        rig.circuits.record(rig.probe(), answered=False)
        waits.append(rig.wait)

    assert waits[0] > timedelta(seconds=7)
    assert waits[-4:] == [timedelta(seconds=30)] * 4


def test_a_probe_without_an_outcome_is_followed_by_another_one(rig: Rig) -> None:
    rig.fail()
    rig.circuits.record(rig.probe(), answered=None)

    assert rig.circuits.admit("orders", "a")


def test_a_probe_that_never_ends_is_overtaken_and_does_not_count(rig: Rig) -> None:
    rig.fail()
    lost, second = rig.probe(), rig.probe()

    rig.circuits.record(lost, answered=False)

    assert rig.state is CircuitState.HALF_OPEN
    rig.circuits.record(second, answered=True)
    assert rig.circuits.admit("orders", "a")


def test_calls_that_were_under_way_when_it_opened_do_not_count(rig: Rig) -> None:
    under_way = [rig.circuits.admit("orders", "a") for _ in range(3)]
    rig.fail()
    before = rig.circuits.get("orders", "a")

    for admission in under_way:
        assert admission
        rig.circuits.record(admission, answered=False)

    assert rig.circuits.get("orders", "a") == before


def test_a_call_with_an_unknown_outcome_does_not_count(rig: Rig) -> None:
    rig.fail(4)
    rig.call(answered=None)

    assert rig.state is CircuitState.CLOSED


def test_of_many_threads_one_probes(rig: Rig) -> None:
    rig.fail()
    rig.clock.advance(seconds=30)

    with ThreadPoolExecutor(8) as pool:
        admissions: Sequence[CircuitAdmission | None] = list(
            pool.map(lambda _: rig.circuits.admit("orders", "a"), range(50))
        )

    assert len([each for each in admissions if each]) == 1
