"""Cache what is stored of services for five seconds, and for longer while the store fails."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

REFRESH_AFTER: Final = timedelta(seconds=5)
_NOT_EARLY: Final = timedelta()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[T]):
    """What was read, and when."""

    value: T
    read_at: datetime


@frozen
class RefreshedCache(Generic[T]):
    """What is stored of each service, as one process sees it. Threads may share it."""

    default: T
    _snapshots: dict[str, Snapshot[T]] = field(default_factory=dict)
    _refresh_at: dict[str, datetime] = field(default_factory=dict)

    def get(self, service: str, load: Callable[[str], T], clock: Clock) -> Snapshot[T]:
        """Return what was read last, not more than five seconds ago unless the store fails."""
        now = clock()
        snapshot = self._snapshots.get(service, Snapshot(self.default, now))
        if not self.take_refresh(service, now):
            return snapshot
        try:
            value = load(service)
        except Unavailable:
            return snapshot
        return self.put(service, value, clock())

    def last(self, service: str, now: datetime) -> Snapshot[T]:
        """Return what was read last, however long ago."""
        return self._snapshots.get(service, Snapshot(self.default, now))

    def take_refresh(self, service: str, now: datetime, early: timedelta = _NOT_EARLY) -> bool:
        """Return whether the caller is to `load`: its turn to read is `early` before it is stale.

        Others use meanwhile what was read last, and none repeats a read that fails at once.
        """
        is_due = self._refresh_at.get(service, now) - early <= now
        if is_due:
            self._refresh_at[service] = now + REFRESH_AFTER
        return is_due

    def is_current(self, service: str, now: datetime) -> bool:
        """Return whether the service was read in the last five seconds."""
        snapshot = self._snapshots.get(service)
        return snapshot is not None and now - snapshot.read_at < REFRESH_AFTER

    def load(self, service: str, read: Callable[[str], T], clock: Clock) -> None:
        """Read a service; if the store fails, what was read last stays."""
        with suppress(Unavailable):
            self.put(service, read(service), clock())

    def put(self, service: str, value: T, now: datetime) -> Snapshot[T]:
        """Cache what was just read or written."""
        self._refresh_at[service] = now + REFRESH_AFTER
        snapshot = self._snapshots[service] = Snapshot(value, now)
        return snapshot
