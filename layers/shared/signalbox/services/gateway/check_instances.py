"""Check the instances of services in passes, and record what that says of their health."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult, HealthChange, ServiceHealth
from signalbox.models.registration import Registration, live_registrations, with_registered
from signalbox.models.service import Service
from signalbox.models.service_tls import UpstreamTls
from signalbox.models.upstream import Instance
from signalbox.services.gateway.discovery import CachedDiscovery, with_discovered
from signalbox.services.gateway.health import RecordChecks
from signalbox.services.gateway.live_instances import balanced_name
from signalbox.services.ports.config import ConfigWriter
from signalbox.services.ports.gateway import ProbeInstance
from signalbox.services.ports.instances import InstanceHealthStore, RegistrationStore
from signalbox.services.ports.time import Clock

_CONCURRENT_CHECKS: Final = 20
_PASSES_AT_ONCE: Final = HealthCheck(healthy_threshold=1)

SecondsLeft = Callable[[], float]


@dataclass(slots=True, kw_only=True)
class CheckPassResult:
    """What a pass did: numbers of checks, and by the names of services what came of them.

    `skipped` checks had no time left, `down` are services of which no instance is healthy.
    """

    checked: int = 0
    failed: int = 0
    skipped: int = 0
    down: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, HealthChange]] = field(default_factory=list)


@frozen
class _Group:
    """The instances of a version, and the check that they get in this pass, None for none."""

    name: str
    instances: Sequence[Instance]
    started_at: Mapping[str, datetime]
    check: HealthCheck | None
    tls: UpstreamTls
    before: ServiceHealth
    healed: bool


@frozen
class CheckInstances:
    """Checks instances, some at the same time, in an order that changes with each pass."""

    config: ConfigWriter
    registrations: RegistrationStore
    discovery: CachedDiscovery
    health: InstanceHealthStore
    record: RecordChecks
    probe: ProbeInstance
    clock: Clock
    random: Random

    def is_due(self, scheduled_at: datetime) -> bool:
        """Return whether a pass that was scheduled for this time checks anything.

        Raises:
            Unavailable: The configuration could not be read.
        """
        return any(_due_check(each, scheduled_at) for each in self._services())

    def __call__(self, scheduled_at: datetime, seconds_left: SecondsLeft) -> CheckPassResult:
        """Check every instance that is due, as far as there is time, and record the results.

        What fails for one service does not affect the others.

        Raises:
            Unavailable: The configuration or the health could not be read.
        """
        result = CheckPassResult()
        groups = list(self._groups(scheduled_at, result))
        outcomes = self._checked(groups, seconds_left, result)
        for group in groups:
            try:
                self._record(group, outcomes[group.name], result)
            except (Unavailable, WriteConflict) as failure:
                result.errors[group.name] = failure.reason
        return result

    def _services(self) -> Sequence[Service]:
        return [service for service in self.config.all(Service) if service.enabled]

    def _groups(self, scheduled_at: datetime, result: CheckPassResult) -> Iterator[_Group]:
        versions = {
            balanced_name(service.name, version): (service, version)
            for service in self._services()
            for version in service.all_versions
        }
        stored = self.health.batch_get(versions) if versions else {}
        for name, (service, version) in versions.items():
            check = _due_check(service, scheduled_at)
            if check is None and name not in stored:
                continue  # nothing is known of it that could change
            try:
                live = self._live(name) if service.self_registration else ()
                found = self.discovery.get(service)
            except Unavailable as unavailable:
                result.errors[name] = unavailable.reason
                continue
            registered = with_registered(service.instances_of(version), live)
            yield _Group(
                name=name,
                instances=with_discovered(registered, found.of_version(version)),
                started_at={each.instance.id: each.registered_at for each in live},
                check=check,
                tls=service.upstream_tls,
                before=stored.get(name, ServiceHealth()),
                healed=service.health_check is None,
            )

    def _live(self, name: str) -> Sequence[Registration]:
        return live_registrations(self.registrations.of_service(name), self.clock())

    def _checked(
        self, groups: Sequence[_Group], seconds_left: SecondsLeft, result: CheckPassResult
    ) -> Mapping[str, Sequence[CheckResult]]:
        """Return the results of all checks by the name of their service."""
        jobs = [
            (group, instance, group.check)
            for group in groups
            if group.check
            for instance in group.instances
        ]
        self.random.shuffle(jobs)  # so that not always the same are skipped

        def run(job: tuple[_Group, Instance, HealthCheck]) -> CheckResult | None:
            group, instance, check = job
            if seconds_left() <= check.timeout_seconds:
                return None
            return self.probe(instance, check, group.tls)

        outcomes: dict[str, list[CheckResult]] = {group.name: [] for group in groups}
        with ThreadPoolExecutor(max_workers=_CONCURRENT_CHECKS) as threads:
            for (group, _, _), outcome in zip(jobs, threads.map(run, jobs), strict=True):
                if outcome is None:
                    result.skipped += 1
                    continue
                outcomes[group.name].append(outcome)
                result.checked += 1
                result.failed += not outcome.passed
        return outcomes

    def _record(
        self, group: _Group, outcomes: Sequence[CheckResult], result: CheckPassResult
    ) -> None:
        check, ids = group.check, [instance.id for instance in group.instances]
        if group.healed:
            # without checks an instance that failed them would stay unhealthy for ever
            failed = [each.id for each in group.before.instances if not each.healthy]
            outcomes = [CheckResult(instance=name, passed=True) for name in failed]
            check = _PASSES_AT_ONCE
        after = self.record(group.name, ids, outcomes, check, group.started_at)
        known = set(group.before.history)
        result.changes += [(group.name, each) for each in after.history if each not in known]
        if group.check and ids and not any(each.healthy for each in after.instances):
            result.down.append(group.name)


def _due_check(service: Service, scheduled_at: datetime) -> HealthCheck | None:
    check = service.health_check
    return check if check and check.is_due(service.name, scheduled_at) else None
