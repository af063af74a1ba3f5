from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from time import sleep

import pytest

from signalbox.models.circuit import Circuit, CircuitState
from signalbox.models.ids import ConnectionId
from signalbox.services.notifications.circuits import (
    CallAllowed,
    CallBlocked,
    CircuitBreakers,
    ReadCircuits,
)
from tests.builders import a_connection
from tests.contract.circuits import OTHER, TEAM, fail
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore


class Rig:
    """One process."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeCircuitStore()
        self.circuits = CircuitBreakers(store=self.store, clock=self.clock, random=Random(7))

    @property
    def kept(self) -> Circuit:
        return self.store.kept[TEAM]

    def open(self) -> None:
        fail(self.circuits, 5)
        assert self.kept.state is CircuitState.OPEN

    def probe(self) -> CallAllowed:
        """The pass of a probe, as soon as there is one."""
        assert self.kept.blocked_until
        self.clock.now = max(self.clock.now, self.kept.blocked_until)
        way = self.circuits.admit(TEAM)
        assert isinstance(way, CallAllowed)
        assert way.probe
        return way


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_healthy_connection_costs_one_read_in_two_seconds_and_no_write(rig: Rig) -> None:
    for _ in range(40):
        way = rig.circuits.admit(TEAM)
        assert isinstance(way, CallAllowed)
        rig.circuits.record(way, answered=True)
        rig.clock.advance(seconds=0.1)

    assert rig.store.calls == ["get", "get"]


def test_a_connection_that_fails_now_and_then_costs_no_write(rig: Rig) -> None:
    for number in range(100):
        rig.circuits.record(CallAllowed(connection=TEAM), answered=number % 3 > 0)
        rig.clock.advance(seconds=5)

    assert rig.store.calls == []


def test_connections_are_judged_by_themselves(rig: Rig) -> None:
    for connection in (TEAM, OTHER) * 4:
        rig.circuits.record(CallAllowed(connection=connection), answered=False)

    assert not rig.store.kept


def test_calls_that_were_not_made_say_nothing(rig: Rig) -> None:
    for _ in range(9):
        rig.circuits.record(CallAllowed(connection=TEAM), answered=None)

    assert not rig.store.kept


def test_what_lies_before_a_freeze_does_not_open_it(rig: Rig) -> None:
    fail(rig.circuits, 4)
    rig.clock.advance(seconds=3600)

    fail(rig.circuits, 4)

    assert not rig.store.kept


def test_while_it_is_open_it_is_read_every_ten_seconds_at_most(rig: Rig) -> None:
    rig.open()
    for _ in range(3):
        rig.probe()
        rig.clock.now = rig.kept.blocked_until or rig.clock.now
    way = rig.probe()
    rig.circuits.record(way, answered=False)
    rig.store.calls.clear()
    assert rig.kept.open_until

    while rig.clock() < rig.kept.open_until:
        assert isinstance(rig.circuits.admit(TEAM), CallBlocked)
        rig.clock.advance(seconds=0.5)

    assert rig.store.calls.count("get") <= 1


def test_whoever_waits_as_told_may_probe(rig: Rig) -> None:
    rig.open()
    shut = rig.circuits.admit(TEAM)
    assert isinstance(shut, CallBlocked)

    rig.clock.advance(shut.after)

    assert isinstance(rig.circuits.admit(TEAM), CallAllowed)


def test_a_probe_that_fails_opens_it_again(rig: Rig) -> None:
    rig.open()

    rig.circuits.record(rig.probe(), answered=False)

    assert (rig.kept.state, rig.kept.streak) == (CircuitState.OPEN, 2)
    assert isinstance(rig.circuits.admit(TEAM), CallBlocked)


def test_two_probes_close_it_and_old_failures_do_not_count_again(rig: Rig) -> None:
    rig.open()
    for _ in range(2):
        rig.circuits.record(rig.probe(), answered=True)

    fail(rig.circuits, 4)

    assert rig.kept == Circuit(version=rig.kept.version)
    assert isinstance(rig.circuits.admit(TEAM), CallAllowed)


def test_a_probe_that_was_not_made_leaves_its_place_to_the_next(rig: Rig) -> None:
    rig.open()

    rig.circuits.record(rig.probe(), answered=None)

    assert isinstance(rig.circuits.admit(TEAM), CallAllowed)


def test_who_trips_on_what_is_open_already_leaves_it_alone(rig: Rig) -> None:
    rig.open()
    before = rig.kept

    fail(CircuitBreakers(store=rig.store, clock=rig.clock, random=Random(8)), 9)

    assert rig.kept == before


@pytest.mark.parametrize("state", list(CircuitState))
def test_where_the_store_is_down_all_calls_are_made(rig: Rig, state: CircuitState) -> None:
    if state is not CircuitState.CLOSED:
        rig.open()
    if state is CircuitState.HALF_OPEN:
        rig.probe()
    rig.store.down = True
    rig.clock.advance(seconds=600)

    way = rig.circuits.admit(TEAM)

    assert way == CallAllowed(connection=TEAM)
    for _ in range(9):
        rig.circuits.record(CallAllowed(connection=TEAM), answered=False)


def test_a_store_that_is_down_is_asked_every_two_seconds(rig: Rig) -> None:
    rig.store.down = True

    for _ in range(40):
        rig.circuits.admit(TEAM)
        rig.clock.advance(seconds=0.1)

    assert rig.store.calls == ["get", "get"]


def test_a_circuit_that_could_not_be_opened_is_opened_by_the_next_failure(rig: Rig) -> None:
    rig.store.down = True
    fail(rig.circuits, 5)
    rig.store.down = False

    fail(rig.circuits, 1)

    assert rig.kept.state is CircuitState.OPEN


def test_the_circuits_of_connections_that_are_gone_are_not_read(rig: Rig) -> None:
    rig.open()
    config = FakeConfigStore(a_connection())
    read = ReadCircuits(config=config, store=rig.store)

    before = read()
    config.remove(a_connection())

    assert list(before) == [ConnectionId("team-slack")]
    assert read() == {}


def test_the_threads_of_a_cold_process_share_one_read(rig: Rig) -> None:
    class Slow(FakeCircuitStore):
        def get(self, connection: ConnectionId) -> Circuit:
            sleep(0.05)
            return super().get(connection)

    store = Slow()
    circuits = replace(rig.circuits, store=store)

    with ThreadPoolExecutor(10) as pool:
        ways = list(pool.map(lambda _: circuits.admit(TEAM), range(10)))

    assert ways == [CallAllowed(connection=TEAM)] * 10
    assert store.calls == ["get"]
