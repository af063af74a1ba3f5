"""What every store of circuits promises, and what processes make of it together."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from signalbox.models.circuit import PROBE_FOR, Circuit, CircuitState, begin_probe, opened
from signalbox.models.errors import WriteConflict
from signalbox.models.ids import ConnectionId
from signalbox.services.notifications.circuits import CallAllowed, CallBlocked, CircuitBreakers
from signalbox.services.ports.notifications import CircuitStore
from tests.builders import NOW
from tests.fakes.clock import FakeClock

TEAM = ConnectionId("team-slack")
OTHER = ConnectionId("other-slack")
OPEN = opened(Circuit(), NOW, Random(7))
MINUTE = timedelta(minutes=1)


class CircuitStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> CircuitStore:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def process(self, store: CircuitStore, clock: FakeClock) -> Callable[[], CircuitBreakers]:
        """A process of its own."""
        return lambda: CircuitBreakers(store=store, clock=clock, random=Random(7))

    def test_nothing_is_kept_of_who_was_never_in_trouble(self, store: CircuitStore) -> None:
        assert store.get(TEAM) == Circuit()
        assert store.batch_get([TEAM, OTHER]) == {}
        assert store.batch_get([]) == {}

    def test_a_circuit_is_kept_as_it_is(self, store: CircuitStore) -> None:
        store.replace(TEAM, Circuit(), OPEN)
        half = begin_probe(OPEN, NOW + MINUTE)
        store.replace(TEAM, OPEN, half)

        assert store.get(TEAM) == half
        assert store.batch_get([TEAM, OTHER]) == {TEAM: half}

    @pytest.mark.parametrize("kept", [OPEN, begin_probe(OPEN, NOW)])
    def test_who_knows_another_one_writes_nothing(self, store: CircuitStore, kept: Circuit) -> None:
        store.replace(TEAM, Circuit(), OPEN)
        if kept != OPEN:
            store.replace(TEAM, OPEN, kept)

        for known in {Circuit(), Circuit(version=9), OPEN} - {kept}:
            with pytest.raises(WriteConflict):
                store.replace(TEAM, known, OPEN.model_copy(update={"streak": 9}))

        assert store.get(TEAM) == kept

    def test_of_two_who_open_it_one_wins(self, store: CircuitStore) -> None:
        store.replace(TEAM, Circuit(), OPEN)

        with pytest.raises(WriteConflict):
            store.replace(TEAM, Circuit(), OPEN)

    def test_what_one_process_has_opened_all_find_open(
        self, process: Callable[[], CircuitBreakers]
    ) -> None:
        fail(process(), 5)

        assert isinstance(process().admit(TEAM), CallBlocked)
        assert process().admit(OTHER) == CallAllowed(connection=OTHER)

    def test_of_twenty_who_come_one_probes(
        self, process: Callable[[], CircuitBreakers], clock: FakeClock
    ) -> None:
        fail(process(), 5)
        clock.advance(MINUTE)
        all_of_them = [process() for _ in range(20)]

        ways = [each.admit(TEAM) for each in all_of_them]

        assert [type(way) for way in ways].count(CallAllowed) == 1

    def test_another_probes_where_the_first_one_died(
        self, process: Callable[[], CircuitBreakers], clock: FakeClock
    ) -> None:
        fail(process(), 5)
        clock.advance(MINUTE)
        dead = process().admit(TEAM)
        clock.advance(PROBE_FOR - timedelta(seconds=1))
        early = process().admit(TEAM)
        clock.advance(seconds=1)

        second = process().admit(TEAM)

        assert isinstance(dead, CallAllowed)
        assert isinstance(early, CallBlocked)
        assert isinstance(second, CallAllowed)
        assert second.probe

    def test_a_probe_that_was_overtaken_has_no_say(
        self, process: Callable[[], CircuitBreakers], clock: FakeClock, store: CircuitStore
    ) -> None:
        fail(process(), 5)
        clock.advance(MINUTE)
        slow = process()
        zombie = slow.admit(TEAM)
        assert isinstance(zombie, CallAllowed)
        clock.advance(PROBE_FOR)
        process().admit(TEAM)
        before = store.get(TEAM)

        slow.record(zombie, answered=False)

        assert store.get(TEAM) == before

    def test_two_probes_that_are_heard_close_it(
        self, process: Callable[[], CircuitBreakers], clock: FakeClock, store: CircuitStore
    ) -> None:
        fail(process(), 5)
        clock.advance(MINUTE)

        states = []
        for _ in range(2):
            one = process()
            way = one.admit(TEAM)
            assert isinstance(way, CallAllowed)
            one.record(way, answered=True)
            states.append(store.get(TEAM).state)

        assert states == [CircuitState.HALF_OPEN, CircuitState.CLOSED]
        assert process().admit(TEAM) == CallAllowed(connection=TEAM)


def fail(process: CircuitBreakers, times: int) -> None:
    """Calls that are not heard."""
    for _ in range(times):
        process.record(CallAllowed(connection=TEAM), answered=False)
