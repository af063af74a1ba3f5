"""Circuits of connections: which calls are made, which wait, and which probe the target.

A process keeps the outcomes of its own calls in memory. The store is read every two seconds, and
written only when a circuit opens, is probed or closes. If the store fails, every call is made. See
docs/decisions/0008-circuits.md.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta
from random import Random
from threading import RLock
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
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import CircuitStore
from signalbox.services.ports.time import Clock

_CACHED: Final = timedelta(seconds=2)
_OPEN_CACHED: Final = timedelta(seconds=10)


@frozen
class CallAllowed:
    """A call may be made; `probe` is the circuit if the call is a probe."""

    connection: ConnectionId
    probe: Circuit | None = None


@frozen
class CallBlocked:
    """No call may be made; ask again after a while."""

    after: timedelta


@frozen
class CircuitBreakers:
    """The circuits as one process sees them, whose threads ask about a connection by turns."""

    store: CircuitStore
    clock: Clock
    random: Random
    _cache: dict[ConnectionId, tuple[datetime, Circuit]] = field(default_factory=dict)
    _calls: dict[ConnectionId, tuple[CallResult, ...]] = field(default_factory=dict)
    _locks: dict[ConnectionId, RLock] = field(default_factory=dict)

    def admit(self, connection: ConnectionId) -> CallAllowed | CallBlocked:
        """Return whether a call may be made now.

        The caller records the outcome of an allowed call.
        """
        with self._turn(connection):
            try:
                return self._check(connection)
            except Unavailable:
                self._remember(connection, Circuit())
                return CallAllowed(connection=connection)

    def record(self, call: CallAllowed, *, answered: bool | None) -> None:
        """Record whether the target answered, None if it was not called."""
        # another process wrote it, or will look later
        with self._turn(call.connection), suppress(Unavailable, WriteConflict):
            if call.probe:
                self._write(call.connection, call.probe, self._after(call.probe, answered=answered))
            elif answered is not None:
                self._record_call(call.connection, answered=answered)

    def _turn(self, connection: ConnectionId) -> RLock:
        return self._locks.setdefault(connection, RLock())

    def _check(self, connection: ConnectionId) -> CallAllowed | CallBlocked:
        now, circuit = self.clock(), self._circuit(connection)
        if circuit.blocked_until is None:
            return CallAllowed(connection=connection)
        self._calls.pop(connection, None)
        if circuit.blocked_until > now:
            return CallBlocked(after=blocked_for(circuit, now, self.random))
        probe = begin_probe(circuit, now)
        try:
            self._write(connection, circuit, probe)
        except WriteConflict:
            return CallBlocked(after=blocked_for(probe, now, self.random))
        return CallAllowed(connection=connection, probe=probe)

    def _after(self, probe: Circuit, *, answered: bool | None) -> Circuit:
        now = self.clock()
        if answered is None:
            return probe_abandoned(probe, now)
        return probe_succeeded(probe, now) if answered else opened(probe, now, self.random)

    def _record_call(self, connection: ConnectionId, *, answered: bool) -> None:
        now = self.clock()
        calls = (*self._calls.get(connection, ()), CallResult(at=now, answered=answered))[
            -CALL_WINDOW:
        ]
        self._calls[connection] = calls
        if answered or not should_open(calls, now):
            return
        circuit = self.store.get(connection)
        if circuit.state is CircuitState.CLOSED:
            self._write(connection, circuit, opened(circuit, now, self.random))
        else:
            self._remember(connection, circuit)

    def _circuit(self, connection: ConnectionId) -> Circuit:
        until, circuit = self._cache.get(connection, (None, Circuit()))
        if until is None or until <= self.clock():
            circuit = self.store.get(connection)
            self._remember(connection, circuit)
        return circuit

    def _write(self, connection: ConnectionId, before: Circuit, after: Circuit) -> None:
        self.store.replace(connection, before, after)
        self._remember(connection, after)

    def _remember(self, connection: ConnectionId, circuit: Circuit) -> None:
        now = self.clock()
        until = now + _CACHED
        if circuit.state is CircuitState.OPEN and circuit.open_until:
            until = min(circuit.open_until, now + _OPEN_CACHED)
        self._cache[connection] = (until, circuit)


@frozen
class ReadCircuits:
    """Read the circuits of all connections that have one."""

    config: ConfigStore
    store: CircuitStore

    def __call__(self) -> Mapping[ConnectionId, Circuit]:
        """Return the circuits.

        Raises:
            Unavailable: The store did not answer.
        """
        return self.store.batch_get(connection.id for connection in self.config.connections())
