"""The health of the instances of a service: active checks, ejections and slow start.

An instance is available unless its checks failed or it is ejected because calls of it failed. At
most half of the instances are ejected at a time, and when none is available all are used (panic
mode). See https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.base import EPOCH, Model, Name, UtcDatetime
from signalbox.models.frozen import frozen
from signalbox.models.health_check import HealthCheck, OutlierDetection
from signalbox.models.upstream import MAX_INSTANCES, Instance

NEVER_STARTED: Final[Mapping[str, datetime]] = MappingProxyType({})
"""The start times of instances by id, where none is known."""

_HISTORY: Final = 50
_REASON: Final = 200
_MIN_START_SHARE: Final = 0.1
_MAX_EJECTION: Final = timedelta(minutes=5)
_EJECTION_MEMORY: Final = timedelta(minutes=10)
_MAX_DOUBLINGS: Final = 6
_MAX_RECORDS: Final = 2 * MAX_INSTANCES


class HealthEvent(StrEnum):
    """What happened to an instance."""

    ADDED = "added"
    REMOVED = "removed"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    EJECTED = "ejected"
    RETURNED = "returned"


class HealthChange(Model):
    """One change of the health of an instance."""

    at: UtcDatetime
    instance: Name
    event: HealthEvent
    reason: Annotated[str, Field(max_length=_REASON)] | None = None


class InstanceHealth(Model):
    """The health of one instance.

    `healthy` is the outcome of its checks, of which `passes` or `failures` is the number of equal
    ones in a row. `since` is the time when it was added or that outcome changed. It is ejected
    until `ejected_until`, and `returned_at` is when its last ejection ended; `ejections` counts
    those that followed each other closely.
    """

    id: Name
    healthy: bool = True
    passes: int = 0
    failures: int = 0
    since: UtcDatetime
    ejected_until: UtcDatetime | None = None
    returned_at: UtcDatetime | None = None
    ejections: int = 0

    def is_ejected(self, now: datetime) -> bool:
        """Return whether it is ejected."""
        return self.ejected_until is not None and self.ejected_until > now

    def is_available(self, now: datetime) -> bool:
        """Return whether it is healthy and not ejected."""
        return self.healthy and not self.is_ejected(now)

    @property
    def available_since(self) -> datetime:
        """Return since when it is available, if it is."""
        return max(self.since, self.ejected_until or self.returned_at or self.since)


class ServiceHealth(Model):
    """The health of the instances of a service, and what changed, newest first.

    `version` counts the writes. An instance without a record is healthy.
    """

    version: int = 0
    instances: tuple[InstanceHealth, ...] = ()
    history: Annotated[tuple[HealthChange, ...], Field(max_length=_HISTORY)] = ()

    @property
    def by_id(self) -> Mapping[str, InstanceHealth]:
        """Return the records by the id of their instance."""
        return {health.id: health for health in self.instances}


@frozen
class CheckResult:
    """The outcome of one check of an instance, with the reason of a failed one."""

    instance: str
    passed: bool
    reason: str | None = None


@frozen
class Availability:
    """The instances that may be chosen, and the shares of those that start slowly.

    In `panic` mode they are all there are.
    """

    instances: Sequence[Instance]
    shares: Mapping[str, float]
    panic: bool = False

    @property
    def ids(self) -> Collection[str]:
        """Return the ids of the instances that may be chosen."""
        return [instance.id for instance in self.instances]


def available_instances(
    instances: Sequence[Instance],
    health: ServiceHealth,
    now: datetime,
    slow_start: timedelta,
    started_at: Mapping[str, datetime] = NEVER_STARTED,
) -> Availability:
    """Return which of the instances may be chosen: some, if there are any.

    Those that started less than `slow_start` ago, or are available since then, have a share that
    grows with the time.
    """
    records = health.by_id
    ejected = _ejected([each.id for each in instances], records, now)
    available = [
        each
        for each in instances
        if each.id not in ejected and (each.id not in records or records[each.id].healthy)
    ]
    if not available:
        return Availability(instances=tuple(instances), shares={}, panic=bool(instances))
    shares = {}
    for each in available:
        since = started_at.get(each.id, EPOCH)
        if each.id in records:
            since = max(since, records[each.id].available_since)
        if now - since < slow_start:
            shares[each.id] = max((now - since) / slow_start, _MIN_START_SHARE)
    return Availability(instances=tuple(available), shares=shares)


def sync_instances(
    health: ServiceHealth,
    ids: Collection[str],
    now: datetime,
    started_at: Mapping[str, datetime] = NEVER_STARTED,
) -> ServiceHealth:
    """Return the health with a record for each instance, and none for others.

    Ejections that are over are recorded as such.
    """
    known = health.by_id
    for name in known.keys() - set(ids):
        health = _changed(health, name, HealthEvent.REMOVED, now)
    records = []
    for name in ids:
        record = known.get(name)
        if record is None:
            record = InstanceHealth(id=name, since=started_at.get(name, now))
            health = _changed(health, name, HealthEvent.ADDED, now)
        elif record.ejected_until and not record.is_ejected(now):
            returned = record.ejected_until
            health = _changed(health, name, HealthEvent.RETURNED, returned)
            record = record.model_copy(update={"ejected_until": None, "returned_at": returned})
        records.append(record)
    return health.model_copy(update={"instances": tuple(records)})


def apply_check(
    health: ServiceHealth, result: CheckResult, check: HealthCheck, now: datetime
) -> ServiceHealth:
    """Return the health after a check of an instance; one without a record is ignored."""
    record = health.by_id.get(result.instance)
    if record is None:
        return health
    # counted up to the threshold alone, so that nothing is written while nothing changes
    passes = min(record.passes + 1, check.healthy_threshold) if result.passed else 0
    failures = 0 if result.passed else min(record.failures + 1, check.unhealthy_threshold)
    checked = record.model_copy(update={"passes": passes, "failures": failures})
    if record.healthy and failures >= check.unhealthy_threshold:
        checked = checked.model_copy(update={"healthy": False, "since": now})
        health = _changed(health, record.id, HealthEvent.UNHEALTHY, now, result.reason)
    elif not record.healthy and passes >= check.healthy_threshold:
        checked = checked.model_copy(update={"healthy": True, "since": now})
        health = _changed(health, record.id, HealthEvent.HEALTHY, now)
    return _with_record(health, checked)


def eject(
    health: ServiceHealth,
    instance: str,
    ids: Collection[str],
    rules: OutlierDetection,
    now: datetime,
) -> ServiceHealth:
    """Return the health with the instance ejected, or as it is if that would be too many.

    `ids` are those of all instances of the service, at most half of which may be unavailable.
    """
    records = health.by_id
    record = records.get(instance) or InstanceHealth(id=instance, since=now)
    out = {name for name in ids if name in records and not records[name].is_available(now)}
    if instance in out or len({instance} | out) > len(ids) // 2:
        return health
    last = record.ejected_until or record.returned_at
    ejections = record.ejections if last and now - last <= _EJECTION_MEMORY else 0
    time = min(timedelta(seconds=rules.ejection_seconds) * 2**ejections, _MAX_EJECTION)
    ejections = min(ejections + 1, _MAX_DOUBLINGS)
    ejected = record.model_copy(update={"ejected_until": now + time, "ejections": ejections})
    reason = f"too many calls failed; ejected for {time.total_seconds():.0f} s"
    return _with_record(_changed(health, instance, HealthEvent.EJECTED, now, reason), ejected)


def _ejected(
    ids: Collection[str], records: Mapping[str, InstanceHealth], now: datetime
) -> Collection[str]:
    """Return the ids of ejected instances, at most half of all: those ejected for longest."""
    ejected = [records[name] for name in ids if name in records and records[name].is_ejected(now)]
    ejected.sort(key=lambda record: (record.ejected_until or record.since, record.id), reverse=True)
    return {record.id for record in ejected[: len(ids) // 2]}


def _changed(
    health: ServiceHealth,
    instance: str,
    event: HealthEvent,
    now: datetime,
    reason: str | None = None,
) -> ServiceHealth:
    change = HealthChange(
        at=now, instance=instance, event=event, reason=reason[:_REASON] if reason else None
    )
    return health.model_copy(update={"history": (change, *health.history)[:_HISTORY]})


def _with_record(health: ServiceHealth, record: InstanceHealth) -> ServiceHealth:
    records = {**health.by_id, record.id: record}
    kept = tuple(records.values())[-_MAX_RECORDS:]
    return health.model_copy(update={"instances": kept})
