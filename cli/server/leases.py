"""Leases of servers: which of them reads a shard, and how far it was read.

Several servers share the streams of one stack. Each shard has an item in the State table with its
holder, the end of the lease and the position. Every write has the version before as its condition,
so a holder that was replaced notices at its next write and stops. Clocks of servers may differ by
seconds; then two read the same records for as long, which functions take as any repeated delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import ConfigDict, Field
from typing_extensions import override

from signalbox.aws.table_keys import poll_lease_pk
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.errors import WriteConflict

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Table
    from signalbox.services.ports.time import Clock

SHARD_END: Final = "end"
"""The position of a shard that was read to its end."""

_RETENTION: Final = timedelta(days=3)
"""Streams keep their records for a day."""

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class PollLease(Model):
    """A lease as it is stored; `position` is empty before anything was read."""

    model_config = ConfigDict(frozen=True)

    version: int = Field(default=0, ge=0)
    holder: str = ""
    until: UtcDatetime = _LONG_AGO
    position: str = ""


class LeaseStore(Protocol):
    """Where leases are stored."""

    def get(self, name: str) -> PollLease:
        """Return a lease; one that nobody holds if there is none."""

    def replace(self, name: str, before: PollLease, after: PollLease) -> PollLease:
        """Store a lease, and return it with its new version.

        Raises:
            WriteConflict: It has changed since `before` was read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoLeases(LeaseStore):
    """Stores leases in the State table, for all servers of a stack."""

    table: Table
    clock: Clock

    @override
    def get(self, name: str) -> PollLease:
        item = self.table.get({"pk": {"S": poll_lease_pk(name)}}, consistent=True)
        return read_versioned(PollLease, item, "a lease") if item else PollLease()

    @override
    def replace(self, name: str, before: PollLease, after: PollLease) -> PollLease:
        stored = after.model_copy(update={"version": before.version + 1})
        put_version(
            self.table,
            {"pk": {"S": poll_lease_pk(name)}},
            stored.model_dump_json(),
            before=before.version,
            version=stored.version,
            expires_at=self.clock() + _RETENTION,
        )
        return stored


class MemoryLeases(LeaseStore):
    """Stores leases in the process, for a server that is alone with streams that end with it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._leases: dict[str, PollLease] = {}

    @override
    def get(self, name: str) -> PollLease:
        return self._leases.get(name, PollLease())

    @override
    def replace(self, name: str, before: PollLease, after: PollLease) -> PollLease:
        with self._lock:
            if self.get(name).version != before.version:
                raise WriteConflict("the lease has changed meanwhile")
            stored = after.model_copy(update={"version": before.version + 1})
            self._leases[name] = stored
            return stored


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLease:
    """A lease that this server holds."""

    name: str
    lease: PollLease

    @property
    def position(self) -> str:
        """Return how far the shard was read."""
        return self.lease.position

    def seconds_left(self, now: datetime) -> float:
        """Return for how long it is held."""
        return (self.lease.until - now).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLeases:
    """Takes, extends and releases leases for one server, the `holder`."""

    store: LeaseStore
    holder: str
    clock: Clock

    def acquire(self, name: str, seconds: float) -> HeldLease | None:
        """Return a lease that is free or ours; None if another server holds or takes it.

        Raises:
            Unavailable: The store does not answer.
        """
        before, now = self.store.get(name), self.clock()
        if before.holder != self.holder and before.until > now:
            return None
        after = before.model_copy(
            update={"holder": self.holder, "until": now + timedelta(seconds=seconds)}
        )
        try:
            stored = self.store.replace(name, before, after)
        except WriteConflict:
            return None
        return HeldLease(name=name, lease=stored)

    def extend(self, held: HeldLease, position: str, seconds: float) -> HeldLease:
        """Return the lease with a later end and a position.

        Raises:
            WriteConflict: Another server has taken it.
            Unavailable: The store does not answer.
        """
        until = self.clock() + timedelta(seconds=seconds)
        after = held.lease.model_copy(update={"until": until, "position": position})
        return replace(held, lease=self.store.replace(held.name, held.lease, after))

    def release(self, held: HeldLease, position: str) -> None:
        """Store the position and let another server take the lease at once.

        Raises:
            WriteConflict: Another server has taken it.
            Unavailable: The store does not answer.
        """
        self.extend(held, position, 0)

    def claim_run(self, name: str, at: datetime) -> bool:
        """Return whether this server is to run a schedule at this time: of several, one is.

        Raises:
            Unavailable: The store does not answer.
        """
        before, tick = self.store.get(name), at.astimezone(UTC).isoformat()
        if before.position >= tick:
            return False
        after = before.model_copy(update={"holder": self.holder, "position": tick})
        try:
            self.store.replace(name, before, after)
        except WriteConflict:
            return False
        return True
