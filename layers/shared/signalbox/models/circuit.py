"""The circuit of a connection: whether calls are made, and when one is made to see.

`closed → open` when too many calls fail, `open → half_open` for one call at a time as a probe, from
there `closed` after two that were heard and `open` again, for longer, after one that was not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from signalbox.models.base import Model, UtcDatetime

CALL_WINDOW: Final = 20
_WITHIN: Final = timedelta(seconds=30)
_FAILURES: Final = 5
_ROW_WITHIN: Final = timedelta(minutes=5)

_COOL: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 6
_SHORTEST_WAIT: Final = timedelta(seconds=1)
_TO_CLOSE: Final = 2

PROBE_FOR: Final = timedelta(minutes=2)
"""How long nobody else may probe: longer than any attempt takes."""


class CircuitState(StrEnum):
    """Whether calls are made: all of them, none, or one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit(Model):
    """A circuit; one that nobody has written down is closed.

    `gen` counts the writes, `streak` how often it opened since it was closed, `heard` the probes
    that went well since it was open. Nobody may probe before `probe_until`.
    """

    version: int = 0
    state: CircuitState = CircuitState.CLOSED
    streak: int = 0
    open_until: UtcDatetime | None = None
    probe_until: UtcDatetime | None = None
    probe_successes: int = 0

    @property
    def blocked_until(self) -> datetime | None:
        """Return until when no call is made, None while all are."""
        return self.open_until if self.state is CircuitState.OPEN else self.probe_until


@dataclass(frozen=True, slots=True)
class CallResult:
    """A call, and whether the target was heard."""

    at: datetime
    answered: bool


def should_open(calls: Sequence[CallResult], now: datetime) -> bool:
    """Return whether these calls, the last one last, are reason to make no more.

    What lies back too far says nothing: a process may have been frozen in between.
    """
    row = [call.answered for call in calls[-_FAILURES:] if now - call.at <= _ROW_WITHIN]
    recent = [call.answered for call in calls[-CALL_WINDOW:] if now - call.at <= _WITHIN]
    failures = recent.count(False)
    return row.count(False) == _FAILURES or (failures >= _FAILURES and 2 * failures >= len(recent))


def opened(circuit: Circuit, now: datetime, random: Random) -> Circuit:
    """Return no calls are made for a while, which doubles each time until the circuit is closed."""
    cool = _cool(circuit.streak) * random.uniform(0.8, 1.2)
    return Circuit(
        version=circuit.version + 1,
        state=CircuitState.OPEN,
        streak=circuit.streak + 1,
        open_until=now + cool,
    )


def begin_probe(circuit: Circuit, now: datetime) -> Circuit:
    """Return one call is made as a probe."""
    return _half_open(circuit, now + PROBE_FOR, circuit.probe_successes)


def probe_abandoned(probe: Circuit, now: datetime) -> Circuit:
    """Return the probe was not made after all; the next one may be made at once."""
    return _half_open(probe, now, probe.probe_successes)


def probe_succeeded(probe: Circuit, now: datetime) -> Circuit:
    """Return the probe went well: closed after the second one in a row."""
    if probe.probe_successes + 1 >= _TO_CLOSE:
        return Circuit(version=probe.version + 1)
    return _half_open(probe, now, probe.probe_successes + 1)


def blocked_for(circuit: Circuit, now: datetime, random: Random) -> timedelta:
    """Return how long whoever may not call waits.

    Until the circuit is not open, or somebody has probed.

    It grows with the time that the circuit stays open, and differs, so that not all come at once.
    """
    cool = _cool(circuit.streak - 1)
    spread = cool * random.uniform(0.1, 0.3)
    if circuit.state is CircuitState.OPEN and circuit.open_until:
        return max(circuit.open_until - now, timedelta()) + spread
    return max(spread, _SHORTEST_WAIT)


def _cool(streak: int) -> timedelta:
    doublings: int = 2 ** min(max(streak, 0), _DOUBLINGS)
    return min(_LONGEST, _COOL * doublings)


def _half_open(circuit: Circuit, probe_until: datetime, probe_successes: int) -> Circuit:
    return Circuit(
        version=circuit.version + 1,
        state=CircuitState.HALF_OPEN,
        streak=circuit.streak,
        probe_until=probe_until,
        probe_successes=probe_successes,
    )
