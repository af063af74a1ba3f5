"""Instances that are looked up in AWS Cloud Map or the DNS, as one process sees them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

from pydantic import TypeAdapter, ValidationError

from signalbox.models.base import DEFERRED, Name
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.instance_url import instance_url_fault
from signalbox.models.service import Service
from signalbox.models.service_discovery import ServiceDiscovery
from signalbox.models.upstream import MAX_INSTANCES, MAX_WEIGHT, Instance
from signalbox.services.ports.discovery import (
    DiscoveredEndpoint,
    DiscoverEndpoints,
    DiscoveryAnswer,
)
from signalbox.services.ports.time import Clock

MIN_DISCOVERY_TTL: Final = timedelta(seconds=5)
MAX_DISCOVERY_TTL: Final = timedelta(seconds=60)

_RETRY_FIRST: Final = timedelta(seconds=5)
_RETRY_LATER: Final = timedelta(seconds=30)
_SLUG: Final = 50
_DIGEST: Final = 8
_NAME: Final = TypeAdapter[str](Name, config=DEFERRED)


@frozen
class DiscoveredInstances:
    """The instances of a service by version, None for those of no version.

    `started_at` has the times at which instances appeared while this process looked.
    """

    by_version: Mapping[str | None, tuple[Instance, ...]]
    started_at: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all of them."""
        return frozenset(each.id for group in self.by_version.values() for each in group)

    def of_version(self, version: str | None) -> tuple[Instance, ...]:
        """Return the instances of a version."""
        return self.by_version.get(version, ())


NOTHING_DISCOVERED: Final = DiscoveredInstances(by_version={})


@frozen
class _Lookup:
    """What was looked up last; without `found` it failed, for this reason."""

    discovery: ServiceDiscovery
    found: DiscoveredInstances | None
    reason: str = ""
    refresh_at: datetime


@frozen
class CachedDiscovery:
    """Looks up the instances of services, and uses an answer for its time: 5 to 60 seconds.

    While a lookup fails the last answer stays in use, also an empty one. `report` gets the name
    of a service and what is wrong with its answers, once until that changes. Threads may share
    it: one of them looks up, and the others use the last answer, if there is one.
    """

    discover: DiscoverEndpoints
    clock: Clock
    report: Callable[[str, str], None] = lambda _service, _reason: None
    _lookups: dict[str, _Lookup] = field(default_factory=dict)
    _locks: dict[str, Lock] = field(default_factory=dict)
    _reported: dict[str, str] = field(default_factory=dict)

    def is_stale(self, service: Service) -> bool:
        """Return whether the next `get` looks up, which an event loop leaves to a thread."""
        return service.discovery is not None and self._current(service) is None

    def last(self, service: Service) -> DiscoveredInstances:
        """Return the instances that were found last, without looking them up; none before."""
        lookup = self._last(service)
        return lookup.found if lookup and lookup.found else NOTHING_DISCOVERED

    def get(self, service: Service) -> DiscoveredInstances:
        """Return the instances of a service; none if it does not look them up.

        Raises:
            Unavailable: They were never found, and the lookup fails.
        """
        if service.discovery is None:
            return NOTHING_DISCOVERED
        lookup = self._current(service)
        if lookup is None:
            last = self._last(service)
            lock = self._locks.setdefault(service.name, Lock())
            if not lock.acquire(blocking=last is None or last.found is None):
                lookup = last  # another thread looks up
            else:
                try:
                    # who had to wait finds what was looked up meanwhile
                    lookup = self._current(service) or self._look_up(service, service.discovery)
                finally:
                    lock.release()
        if lookup is None or lookup.found is None:
            raise Unavailable(lookup.reason if lookup else "no instance was looked up")
        return lookup.found

    def _last(self, service: Service) -> _Lookup | None:
        """Return the last lookup, unless it was of something else."""
        last = self._lookups.get(service.name)
        return last if last and last.discovery == service.discovery else None

    def _current(self, service: Service) -> _Lookup | None:
        last = self._last(service)
        return last if last and self.clock() < last.refresh_at else None

    def _look_up(self, service: Service, discovery: ServiceDiscovery) -> _Lookup:
        last = self._last(service)
        before = last.found if last else None
        try:
            answer = self.discover(discovery)
        except Unavailable as unavailable:
            wait = _RETRY_LATER if before else _RETRY_FIRST
            lookup = _Lookup(
                discovery=discovery,
                found=before,
                reason=unavailable.reason,
                refresh_at=self.clock() + wait,
            )
            stays = "; the last answer stays in use" if before else ""
            self._report(service, f"{unavailable.reason}{stays}")
        else:
            lookup = self._answered(service, discovery, answer, before)
        self._lookups[service.name] = lookup
        return lookup

    def _answered(
        self,
        service: Service,
        discovery: ServiceDiscovery,
        answer: DiscoveryAnswer,
        before: DiscoveredInstances | None,
    ) -> _Lookup:
        now = self.clock()
        by_version, problem = endpoint_instances(discovery, answer.endpoints, service.versions)
        self._report(service, problem)
        found = DiscoveredInstances(by_version=by_version)
        if before is not None:
            found = replace(found, started_at=_started_at(before, found, now))
        ttl = min(max(answer.ttl, MIN_DISCOVERY_TTL), MAX_DISCOVERY_TTL)
        return _Lookup(discovery=discovery, found=found, refresh_at=now + ttl)

    def _report(self, service: Service, reason: str) -> None:
        if self._reported.get(service.name, "") != reason:
            self._reported[service.name] = reason
            if reason:
                self.report(service.name, reason)


def endpoint_instances(
    discovery: ServiceDiscovery, endpoints: Sequence[DiscoveredEndpoint], versions: Iterable[str]
) -> tuple[Mapping[str | None, tuple[Instance, ...]], str]:
    """Return the instances by version, and what is wrong with the answer, empty if nothing is.

    Those of another version than these, and those whose address is none or is never called, are
    left out, as are those above the number that a service may have: the same in every process.
    """
    if not endpoints:
        return {}, "no instance was found"
    known = {None, *versions}
    top = max(each.weight for each in endpoints)
    groups: dict[str | None, dict[str, Instance]] = {}
    unusable = 0
    for each in sorted(endpoints, key=lambda endpoint: (endpoint.name, endpoint.host)):
        version = _version(each.version, known)
        instance = _instance(discovery, each, top)
        group = groups.setdefault(version, {})
        if version not in known or instance is None or len(group) >= MAX_INSTANCES:
            unusable += 1
        else:
            group[instance.id] = instance
    found = {version: tuple(group.values()) for version, group in groups.items() if group}
    problem = f"{unusable} of {len(endpoints)} instances cannot be used" if unusable else ""
    return found, problem


def with_discovered(
    instances: Sequence[Instance], discovered: Iterable[Instance]
) -> Sequence[Instance]:
    """Return the instances and the discovered ones; of equal ids not the discovered one."""
    taken = {each.id for each in instances}
    return (*instances, *(each for each in discovered if each.id not in taken))


def _started_at(
    before: DiscoveredInstances, found: DiscoveredInstances, now: datetime
) -> Mapping[str, datetime]:
    """Return when instances appeared; those of the first answer may run for long."""
    new = found.ids - before.ids
    return dict.fromkeys(new, now) | {
        name: at for name, at in before.started_at.items() if name in found.ids
    }


def _version(text: str | None, known: Iterable[str | None]) -> str | None:
    """Return the version of an instance, written as v2 or as 2."""
    return f"v{text}" if text and f"v{text}" in known else text or None


def _instance(
    discovery: ServiceDiscovery, endpoint: DiscoveredEndpoint, top: int
) -> Instance | None:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host.rstrip(".")
    port = endpoint.port or discovery.port
    url = f"{discovery.scheme}://{host}" + (f":{port}" if port else "")
    if "/" in host or instance_url_fault(url):  # it would begin the path
        return None
    return Instance(
        id=_instance_id(endpoint.name),
        url=url,
        weight=_scaled_weight(endpoint.weight, top),
        zone=endpoint.zone if endpoint.zone and _is_name(endpoint.zone) else None,
    )


def _scaled_weight(weight: int, top: int) -> int:
    """Return a weight that an instance may have; those of SRV records go up to 65,535."""
    scaled = weight if top <= MAX_WEIGHT else round(weight * MAX_WEIGHT / top)
    return max(scaled, 1)


def _instance_id(name: str) -> str:
    """Return the name if it can be an id; else one that is made of it and always the same."""
    if _is_name(name):
        return name
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    digest = sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{slug[:_SLUG].strip('-')}-{digest}".lstrip("-")


def _is_name(text: str) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True
