"""The circuit of a connection: whether calls are made, and when a probe is sent.

`closed → open` when too many calls fail; `open → half_open` for one call at a time as a probe; then
`closed` after two successful probes, or `open` again, for longer, after a failed one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.frozen import frozen

CALL_WINDOW: Final = 20
_WINDOW_AGE: Final = timedelta(seconds=30)
_FAILURES_TO_OPEN: Final = 5
_CONSECUTIVE_AGE: Final = timedelta(minutes=5)

_FIRST_OPEN_TIME: Final = timedelta(seconds=5)
_MAX_OPEN_TIME: Final = timedelta(minutes=5)
_MAX_DOUBLINGS: Final = 6
_MIN_WAIT: Final = timedelta(seconds=1)
_SUCCESSES_TO_CLOSE: Final = 2

PROBE_FOR: Final = timedelta(minutes=2)
"""For how long no other probe may begin: longer than any attempt takes."""


class CircuitState(StrEnum):
    """Which calls are made: all, none, or one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Circuit(Model):
    """The circuit of a connection.

    One that is not stored is closed.

    `version` counts the writes, `streak` how often it opened since it was closed, `probe_successes`
    the successful probes since it was open. No probe may begin before `probe_until`.
    """

    version: int = 0
    state: CircuitState = CircuitState.CLOSED
    streak: int = 0
    open_until: UtcDatetime | None = None
    probe_until: UtcDatetime | None = None
    probe_successes: int = 0

    @property
    def blocked_until(self) -> datetime | None:
        """Return until when no call is made, or None if calls are made."""
        return self.open_until if self.state is CircuitState.OPEN else self.probe_until


@frozen
class CallResult:
    """The time of a call, and whether the target answered."""

    at: datetime
    answered: bool


def should_open(calls: Sequence[CallResult], now: datetime) -> bool:
    """Return whether these calls, the latest last, are a reason to open the circuit.

    Old calls do not count: the process may have been frozen since then.
    """
    consecutive = [
        call.answered for call in calls[-_FAILURES_TO_OPEN:] if now - call.at <= _CONSECUTIVE_AGE
    ]
    recent = [call.answered for call in calls[-CALL_WINDOW:] if now - call.at <= _WINDOW_AGE]
    failures = recent.count(False)
    return consecutive.count(False) == _FAILURES_TO_OPEN or (
        failures >= _FAILURES_TO_OPEN and 2 * failures >= len(recent)
    )


def opened(circuit: Circuit, now: datetime, random: Random) -> Circuit:
    """Return the circuit opened, for a time that doubles until it is closed."""
    open_time = _open_time(circuit.streak) * random.uniform(0.8, 1.2)
    return Circuit(
        version=circuit.version + 1,
        state=CircuitState.OPEN,
        streak=circuit.streak + 1,
        open_until=now + open_time,
    )


def begin_probe(circuit: Circuit, now: datetime) -> Circuit:
    """Return the circuit with one probe under way."""
    return _half_open(circuit, now + PROBE_FOR, circuit.probe_successes)


def probe_abandoned(probe: Circuit, now: datetime) -> Circuit:
    """Return the circuit after a probe that was not sent; the next may begin at once."""
    return _half_open(probe, now, probe.probe_successes)


def probe_succeeded(probe: Circuit, now: datetime) -> Circuit:
    """Return the circuit after a successful probe: closed after the second in a row."""
    if probe.probe_successes + 1 >= _SUCCESSES_TO_CLOSE:
        return Circuit(version=probe.version + 1)
    return _half_open(probe, now, probe.probe_successes + 1)


def blocked_for(circuit: Circuit, now: datetime, random: Random) -> timedelta:
    """Return how long a caller that is blocked waits, until the circuit may be probed.

    It grows with the time that the circuit stays open, and is randomised, so that callers spread
    out.
    """
    open_time = _open_time(circuit.streak - 1)
    jitter = open_time * random.uniform(0.1, 0.3)
    if circuit.state is CircuitState.OPEN and circuit.open_until:
        return max(circuit.open_until - now, timedelta()) + jitter
    return max(jitter, _MIN_WAIT)


def _open_time(streak: int) -> timedelta:
    doublings: int = 2 ** min(max(streak, 0), _MAX_DOUBLINGS)
    return min(_MAX_OPEN_TIME, _FIRST_OPEN_TIME * doublings)


def _half_open(circuit: Circuit, probe_until: datetime, probe_successes: int) -> Circuit:
    return Circuit(
        version=circuit.version + 1,
        state=CircuitState.HALF_OPEN,
        streak=circuit.streak,
        probe_until=probe_until,
        probe_successes=probe_successes,
    )
