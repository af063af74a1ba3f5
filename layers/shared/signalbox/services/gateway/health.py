"""Read the health of services, eject instances whose calls fail, and record checks.

A process reads the health of a service every five seconds at most, and writes it only when an
instance is ejected. If the store fails, what was last read stays valid.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from signalbox.models.circuit import CallResult
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.health_check import OUTLIER_CALLS, HealthCheck, OutlierDetection
from signalbox.models.instance_health import (
    NEVER_STARTED,
    CheckResult,
    ServiceHealth,
    apply_check,
    eject,
    sync_instances,
)
from signalbox.services.gateway.refreshed_cache import RefreshedCache
from signalbox.services.ports.instances import InstanceHealthStore
from signalbox.services.ports.time import Clock

_HEALTH_ATTEMPTS: Final = 3


@frozen
class CachedHealth:
    """The health of services as one process sees it, at most five seconds old.

    Threads may share it.
    """

    store: InstanceHealthStore
    clock: Clock
    _cache: RefreshedCache[ServiceHealth] = field(
        default_factory=lambda: RefreshedCache(default=ServiceHealth.model_construct())
    )

    def get(self, service: str) -> ServiceHealth:
        """Return the health of a service: the last that was read if the store fails."""
        return self._cache.get(service, self.store.get, self.clock).value

    def take_refresh(self, service: str, early: timedelta) -> bool:
        """Return whether the caller is to `load` the service, `early` before it is stale."""
        return self._cache.take_refresh(service, self.clock(), early)

    def is_current(self, service: str) -> bool:
        """Return whether the service was read in the last five seconds."""
        return self._cache.is_current(service, self.clock())

    def load(self, service: str) -> None:
        """Read the store, which an event loop leaves to a thread."""
        self._cache.load(service, self.store.get, self.clock)

    def update(
        self, service: str, change: Callable[[ServiceHealth], ServiceHealth]
    ) -> ServiceHealth:
        """Store a change of the current health, and return the health after it.

        Nothing is written if nothing changes.

        Raises:
            WriteConflict: Others changed it each time.
            Unavailable: The store did not answer.
        """
        health = update_health(self.store, service, change)
        return self._cache.put(service, health, self.clock()).value


def update_health(
    store: InstanceHealthStore, service: str, change: Callable[[ServiceHealth], ServiceHealth]
) -> ServiceHealth:
    """Store a change of the current health, and return the health after it.

    Nothing is written if nothing changes.

    Raises:
        WriteConflict: Others changed it each time.
        Unavailable: The store did not answer.
    """
    for _ in range(_HEALTH_ATTEMPTS):
        before = store.get(service)
        after = change(before)
        if after == before:
            return before
        try:
            return store.replace(service, before, after)
        except WriteConflict:
            continue
    raise WriteConflict("the health of the service changes too often")


def _eject_at_once(eject_instance: Callable[[], bool]) -> bool:
    return eject_instance()


@frozen
class OutlierEjection:
    """Ejects instances by the calls of one process, whose threads may share it.

    `on_eject` gets the service and the instance of each ejection. `run` ejects, which reads and
    writes the store; an event loop leaves it to a thread.
    """

    health: CachedHealth
    clock: Clock
    on_eject: Callable[[str, str], None] = lambda _service, _instance: None
    run: Callable[[Callable[[], bool]], bool] = _eject_at_once
    _calls: dict[tuple[str, str], tuple[CallResult, ...]] = field(default_factory=dict)

    def record(
        self,
        service: str,
        instance: str,
        *,
        ids: Collection[str],
        answered: bool,
        rules: OutlierDetection,
    ) -> bool:
        """Record a call of an instance, and return whether the instance is ejected for it.

        `ids` are those of all instances of the service.
        """
        now, key = self.clock(), (service, instance)
        calls = (*self._calls.get(key, ()), CallResult(at=now, answered=answered))[-OUTLIER_CALLS:]
        if all(call.answered for call in calls):
            self._calls.pop(key, None)  # only calls from a failure on are remembered
            return False
        if answered or not rules.is_outlier(calls, now):
            self._calls[key] = calls
            return False
        self._calls.pop(key, None)
        return self.run(partial(self._eject, service, instance, ids, rules))

    def _eject(
        self, service: str, instance: str, ids: Collection[str], rules: OutlierDetection
    ) -> bool:
        def change(health: ServiceHealth) -> ServiceHealth:
            return eject(health, instance, ids, rules, self.clock())

        try:
            health = self.health.update(service, change)
        except (Unavailable, WriteConflict):
            return False  # the circuit of this process blocks the instance all the same
        record = health.by_id.get(instance)
        ejected = record is not None and record.is_ejected(self.clock())
        if ejected:
            self.on_eject(service, instance)
        return ejected


@frozen
class RecordChecks:
    """Record the checks of a service in one pass over its instances."""

    store: InstanceHealthStore
    clock: Clock

    def __call__(
        self,
        service: str,
        ids: Collection[str],
        results: Iterable[CheckResult] = (),
        check: HealthCheck | None = None,
        started_at: Mapping[str, datetime] = NEVER_STARTED,
    ) -> ServiceHealth:
        """Record the results, and return the health after them.

        `ids` are those of all instances of the service, `started_at` the times of those that
        registered themselves. Without results this adds new instances,
        removes others, and ends ejections.

        Raises:
            WriteConflict: Others changed the health each time; the next pass repeats the checks.
            Unavailable: The store did not answer.
        """
        outcomes, rules = tuple(results), check or HealthCheck()

        def change(health: ServiceHealth) -> ServiceHealth:
            now = self.clock()
            health = sync_instances(health, ids, now, started_at)
            for result in outcomes:
                health = apply_check(health, result, rules, now)
            return health

        return update_health(self.store, service, change)
