"""Whatever happened to a circuit, a target that answers again is called again, and soon."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.circuit import PROBE_FOR, CircuitState
from signalbox.services.notifications.circuits import CallAllowed, CallBlocked, CircuitBreakers
from tests.contract.circuits import TEAM
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock

PROCESSES = 3
BOUND = timedelta(minutes=12)
"""The longest time that a circuit stays open, a probe that died, and the waits of a message."""

ADMIT, ANSWER, SILENCE, NOT_CALLED, CRASH, STORE = (
    "admit", "answer", "silence", "not called", "crash", "store",
)  # fmt: skip
OUTAGE, LONG_OUTAGE, RUSH = "outage", "long outage", "rush"

Move = tuple[str, int, int]
moves = st.lists(
    st.tuples(
        st.sampled_from(
            [
                OUTAGE,
                LONG_OUTAGE,
                RUSH,
                RUSH,
                ADMIT,
                ADMIT,
                ANSWER,
                SILENCE,
                NOT_CALLED,
                CRASH,
                STORE,
            ]
        ),
        st.integers(0, PROCESSES - 1),
        st.sampled_from([0, 0, 0, 1, 6, 11, 130, 400]),
    ),
    max_size=60,
)


@dataclass
class World:
    """Some processes that share a store, and the calls that they have under way."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeCircuitStore = field(default_factory=FakeCircuitStore)
    calls: list[tuple[int, CallAllowed]] = field(default_factory=list)
    probes: list[tuple[datetime, CallAllowed]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.processes = [self.process(seed) for seed in range(PROCESSES)]

    def process(self, seed: int) -> CircuitBreakers:
        return CircuitBreakers(store=self.store, clock=self.clock, random=Random(seed))

    def move(self, what: str, who: int, seconds: int) -> None:
        """Make one move of one process, after some time."""
        self.clock.advance(seconds=seconds)
        if what in {OUTAGE, LONG_OUTAGE}:
            for _ in range(5 if what == OUTAGE else 30):
                self.move(ADMIT, who, 0)
                self.move(SILENCE, who, 0)
                until = self.store.kept[TEAM].blocked_until if self.store.kept else None
                self.clock.now = max(self.clock(), until or self.clock())
        elif what == RUSH:
            for each in [ADMIT, NOT_CALLED, ADMIT]:
                for process in range(PROCESSES):
                    self.move(each, process, 0)
        elif what == ADMIT:
            way = self.processes[who].admit(TEAM)
            if isinstance(way, CallAllowed):
                self._begin(who, way)
        elif what == STORE:
            self.store.down = not self.store.down
        elif what == CRASH:
            self.processes[who] = self.process(who)
            self.calls = [call for call in self.calls if call[0] != who]
        else:
            self._end(who, {ANSWER: True, SILENCE: False, NOT_CALLED: None}[what])

    def recover(self) -> timedelta:
        """Return how long a patient message takes to close the circuit."""
        self.store.down = False
        begin, process = self.clock(), self.processes[0]
        while self.store.get(TEAM).state is not CircuitState.CLOSED:
            way = process.admit(TEAM)
            if isinstance(way, CallBlocked):
                assert way.after > timedelta()
                self.clock.advance(way.after)
            else:
                process.record(way, answered=True)
                self.clock.advance(seconds=1)
        return self.clock() - begin

    def _begin(self, who: int, way: CallAllowed) -> None:
        self.calls.append((who, way))
        if way.probe:
            now = self.clock()
            assert [until for until, _ in self.probes if until > now] == []
            self.probes.append((now + PROBE_FOR, way))

    def _end(self, who: int, answered: bool | None) -> None:  # noqa: FBT001  one of three
        mine = [call for call in self.calls if call[0] == who]
        if mine:
            self.calls.remove(mine[0])
            self.processes[who].record(mine[0][1], answered=answered)
            if not self.store.down:
                self.probes = [probe for probe in self.probes if probe[1] is not mine[0][1]]


@given(moves)
def test_a_circuit_has_one_probe_at_a_time_and_closes_within_minutes(story: list[Move]) -> None:
    world = World()

    for move in story:
        world.move(*move)

    assert world.recover() <= BOUND


@given(moves)
def test_without_a_call_that_gets_no_answer_no_circuit_opens(story: list[Move]) -> None:
    world = World()

    for what, who, seconds in story:
        world.move(ANSWER if what in {SILENCE, OUTAGE, LONG_OUTAGE} else what, who, seconds)

    assert not world.store.kept
