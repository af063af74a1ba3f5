"""Register instances, keep them registered by heartbeats, and deregister them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import field
from datetime import timedelta
from typing import Final

from signalbox.models.errors import Conflict, NotFound, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.registration import (
    DEFAULT_TTL,
    Registration,
    extend_registration,
    live_registrations,
    new_registration,
)
from signalbox.models.upstream import MAX_INSTANCES, Instance
from signalbox.services.gateway.refreshed_cache import REFRESH_AFTER, RefreshedCache
from signalbox.services.ports.instances import RegistrationStore
from signalbox.services.ports.time import Clock

_WRITE_ATTEMPTS: Final = 3


@frozen
class RegisterResult:
    """The registration: was it `created`, and has anything `changed` but its end."""

    registration: Registration
    created: bool
    changed: bool


@frozen
class RegisterInstance:
    """Register an instance of a service, or extend its registration: the request is a heartbeat."""

    store: RegistrationStore
    clock: Clock

    def __call__(
        self, service: str, instance: Instance, ttl_seconds: int = DEFAULT_TTL
    ) -> RegisterResult:
        """Register the instance for the next `ttl_seconds`.

        Raises:
            Conflict: The service has as many instances as it may have.
            WriteConflict: Others changed the registration each time.
            Unavailable: The store did not answer.
        """
        for _ in range(_WRITE_ATTEMPTS):
            with suppress(WriteConflict):
                return self._register(service, instance, ttl_seconds)
        raise WriteConflict("the registration changes too often")

    def _register(self, service: str, instance: Instance, ttl_seconds: int) -> RegisterResult:
        before, now = self.store.get(service, instance.id), self.clock()
        created = before is None or not before.is_live(now)
        if created:
            self._check_number(service)
        after = (
            extend_registration(before, instance, ttl_seconds, now)
            if before
            else new_registration(instance, ttl_seconds, now)
        )
        stored = self.store.replace(service, before, after)
        changed = created or (before is not None and before.instance != instance)
        return RegisterResult(registration=stored, created=created, changed=changed)

    def _check_number(self, service: str) -> None:
        live = live_registrations(self.store.of_service(service), self.clock())
        if len(live) >= MAX_INSTANCES:
            raise Conflict(f"a service has {MAX_INSTANCES} registered instances at most")


@frozen
class DeregisterInstance:
    """End the registration of an instance."""

    store: RegistrationStore
    clock: Clock

    def __call__(self, service: str, instance: str) -> None:
        """Deregister the instance.

        Raises:
            NotFound: It is not registered.
            WriteConflict: Others changed the registration each time.
            Unavailable: The store did not answer.
        """
        for _ in range(_WRITE_ATTEMPTS):
            registration = self.store.get(service, instance)
            if registration is None or not registration.is_live(self.clock()):
                raise NotFound("no such instance is registered")
            with suppress(WriteConflict):
                return self.store.delete(service, registration)
        raise WriteConflict("the registration changes too often")


@frozen
class CachedRegistrations:
    """The registrations of services as one process sees them, at most five seconds old.

    While the store fails, what was live at the last read stays registered: its heartbeats cannot
    be seen.
    """

    store: RegistrationStore
    clock: Clock
    _cache: RefreshedCache[Sequence[Registration]] = field(
        default_factory=lambda: RefreshedCache(default=())
    )

    def take_refresh(self, service: str, early: timedelta) -> bool:
        """Return whether the caller is to `load` the service, `early` before it is stale."""
        return self._cache.take_refresh(service, self.clock(), early)

    def is_current(self, service: str) -> bool:
        """Return whether the service was read in the last five seconds."""
        return self._cache.is_current(service, self.clock())

    def load(self, service: str) -> None:
        """Read the store, which an event loop leaves to a thread."""
        self._cache.load(service, self.store.of_service, self.clock)

    def live(self, service: str, *, reads: bool = True) -> Sequence[Registration]:
        """Return the registrations of a service that have not expired; read them if that is due."""
        if reads:
            snapshot = self._cache.get(service, self.store.of_service, self.clock)
        else:
            snapshot = self._cache.last(service, self.clock())
        now = min(self.clock(), snapshot.read_at + REFRESH_AFTER)
        return live_registrations(snapshot.value, now)
