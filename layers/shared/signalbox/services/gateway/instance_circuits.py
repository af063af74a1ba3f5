"""Circuits of instances, in the memory of one process: one that is down costs no timeouts.

The rules are those of connections (models/circuit), but nothing is stored: a call of a service may
not wait for a store. An instance is probed every 30 seconds at the latest, since the request that
probes it can fail over.
"""

from collections.abc import Callable
from dataclasses import field
from datetime import timedelta
from random import Random
from threading import Lock
from typing import Final

from signalbox.models.circuit import (
    CALL_WINDOW,
    CallResult,
    Circuit,
    begin_probe,
    opened,
    probe_abandoned,
    probe_succeeded,
    should_open,
)
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

_CLOSED: Final = Circuit.model_construct()
_NO_WAIT: Final = timedelta()
_MAX_OPEN: Final = timedelta(seconds=30)
_MIN_WAIT: Final = timedelta(seconds=1)


@frozen
class CircuitAdmission:
    """A call that may be made; `probe` is the circuit if the call is a probe."""

    service: str
    instance: str
    probe: Circuit | None = None


@frozen
class InstanceCircuits:
    """The circuits of one process, whose threads may share them.

    `on_open` gets the service and the instance of each circuit that opens.
    """

    clock: Clock
    random: Random
    on_open: Callable[[str, str], None] = lambda _service, _instance: None
    _circuits: dict[tuple[str, str], Circuit] = field(default_factory=dict)
    _calls: dict[tuple[str, str], tuple[CallResult, ...]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, service: str, instance: str) -> Circuit:
        """Return the circuit of an instance."""
        return self._circuits.get((service, instance), _CLOSED)

    def wait(self, service: str, instance: str) -> timedelta:
        """Return how long no call is made: nothing if one may be made now."""
        blocked_until = self.get(service, instance).blocked_until
        if blocked_until is None:
            return _NO_WAIT
        wait = blocked_until - self.clock()
        return max(wait, _MIN_WAIT) if wait > _NO_WAIT else _NO_WAIT

    def admit(self, service: str, instance: str) -> CircuitAdmission | None:
        """Begin a call and return it, or None if none may be made now.

        The caller records the outcome of the call.
        """
        with self._lock:
            circuit, now = self.get(service, instance), self.clock()
            if circuit.blocked_until is None:
                return CircuitAdmission(service=service, instance=instance)
            if circuit.blocked_until > now:
                return None
            probe = begin_probe(circuit, now)
            self._circuits[service, instance] = probe
            return CircuitAdmission(service=service, instance=instance, probe=probe)

    def record(self, call: CircuitAdmission, *, answered: bool | None) -> None:
        """Record whether the instance answered, None if that is not known."""
        key = (call.service, call.instance)
        with self._lock:
            if call.probe:
                # a probe that another one has overtaken does not count
                if self._circuits.get(key) == call.probe:
                    self._replace(key, self._after(call.probe, answered=answered))
            elif answered is not None:
                self._record_call(key, answered=answered)

    def _after(self, probe: Circuit, *, answered: bool | None) -> Circuit:
        now = self.clock()
        if answered is None:
            return probe_abandoned(probe, now)
        return probe_succeeded(probe, now) if answered else self._opened(probe)

    def _record_call(self, key: tuple[str, str], *, answered: bool) -> None:
        if key in self._circuits or (answered and key not in self._calls):
            return
        now = self.clock()
        calls = (*self._calls.get(key, ()), CallResult(at=now, answered=answered))[-CALL_WINDOW:]
        self._calls[key] = calls
        if not answered and should_open(calls, now):
            self._replace(key, self._opened(_CLOSED))
            self.on_open(*key)
        elif all(call.answered for call in calls):
            del self._calls[key]

    def _opened(self, circuit: Circuit) -> Circuit:
        now = self.clock()
        after = opened(circuit, now, self.random)
        until = min(after.open_until or now, now + _MAX_OPEN)
        return after.model_copy(update={"open_until": until})

    def _replace(self, key: tuple[str, str], circuit: Circuit) -> None:
        self._calls.pop(key, None)
        if circuit.blocked_until is None:
            self._circuits.pop(key, None)
        else:
            self._circuits[key] = circuit
