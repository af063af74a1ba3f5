"""Circuits: who calls a connection now, who waits, and who calls to see whether it works again.

What a process has seen of its calls stays in its memory; the store is read every two seconds, and
written only when a circuit opens, is probed or closes. Where the store fails every call is made.
See docs/decisions/0008-circuits.md.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from signalbox.models.circuit import (
    CALL_WINDOW,
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
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.ids import ConnectionId
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import CircuitStore
from signalbox.services.ports.time import Clock

_CACHED: Final = timedelta(seconds=2)
_OPEN_CACHED: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAllowed:
    """A call may be made; `probe` is the circuit where it is made to see."""

    connection: ConnectionId
    probe: Circuit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBlocked:
    """No call is made; ask again after a while."""

    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreakers:
    """The circuits as one process sees them."""

    store: CircuitStore
    clock: Clock
    random: Random
    _known: dict[ConnectionId, tuple[datetime, Circuit]] = field(default_factory=dict)
    _calls: dict[ConnectionId, tuple[CallResult, ...]] = field(default_factory=dict)

    def admit(self, connection: ConnectionId) -> CallAllowed | CallBlocked:
        """Whether a call may be made now; whoever has a Pass says what became of it."""
        try:
            return self._admitted(connection)
        except Unavailable:
            self._remember(connection, Circuit())
            return CallAllowed(connection=connection)

    def tell(self, way: CallAllowed, *, heard: bool | None) -> None:
        """Takes in whether the far side was heard, None where it was not called."""
        with suppress(Unavailable, WriteConflict):  # others know better, or look after a while
            if way.probe:
                self._keep(way.connection, way.probe, self._after(way.probe, heard=heard))
            elif heard is not None:
                self._note(way.connection, heard=heard)

    def _admitted(self, connection: ConnectionId) -> CallAllowed | CallBlocked:
        now, circuit = self.clock(), self._circuit(connection)
        if circuit.blocked_until is None:
            return CallAllowed(connection=connection)
        self._calls.pop(connection, None)
        if circuit.blocked_until > now:
            return CallBlocked(after=blocked_for(circuit, now, self.random))
        probe = begin_probe(circuit, now)
        try:
            self._keep(connection, circuit, probe)
        except WriteConflict:
            return CallBlocked(after=blocked_for(probe, now, self.random))
        return CallAllowed(connection=connection, probe=probe)

    def _after(self, probe: Circuit, *, heard: bool | None) -> Circuit:
        now = self.clock()
        if heard is None:
            return probe_abandoned(probe, now)
        return probe_succeeded(probe, now) if heard else opened(probe, now, self.random)

    def _note(self, connection: ConnectionId, *, heard: bool) -> None:
        now = self.clock()
        calls = (*self._calls.get(connection, ()), CallResult(now, heard))[-CALL_WINDOW:]
        self._calls[connection] = calls
        if heard or not should_open(calls, now):
            return
        circuit = self.store.get(connection)
        if circuit.state is CircuitState.CLOSED:
            self._keep(connection, circuit, opened(circuit, now, self.random))
        else:
            self._remember(connection, circuit)

    def _circuit(self, connection: ConnectionId) -> Circuit:
        until, circuit = self._known.get(connection, (None, Circuit()))
        if until is None or until <= self.clock():
            circuit = self.store.get(connection)
            self._remember(connection, circuit)
        return circuit

    def _keep(self, connection: ConnectionId, before: Circuit, after: Circuit) -> None:
        self.store.replace(connection, before, after)
        self._remember(connection, after)

    def _remember(self, connection: ConnectionId, circuit: Circuit) -> None:
        now = self.clock()
        until = now + _CACHED
        if circuit.state is CircuitState.OPEN and circuit.open_until:
            until = min(circuit.open_until, now + _OPEN_CACHED)
        self._known[connection] = (until, circuit)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCircuits:
    """Reads the circuits of all connections that have one."""

    config: ConfigStore
    store: CircuitStore

    def __call__(self) -> Mapping[ConnectionId, Circuit]:
        """The circuits. Raises Unavailable."""
        return self.store.batch_get(connection.id for connection in self.config.connections())
