"""List the instances of a service with their health and their registrations."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import attrgetter

from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.instance_health import InstanceHealth, ServiceHealth
from signalbox.models.instance_status import (
    InstanceEvent,
    InstanceList,
    InstanceSource,
    InstanceStatus,
    instance_state,
)
from signalbox.models.registration import Registration, live_registrations, with_registered
from signalbox.models.service import Service
from signalbox.models.upstream import Instance
from signalbox.services.gateway.live_instances import balanced_name
from signalbox.services.ports.config import ConfigWriter
from signalbox.services.ports.instances import InstanceHealthStore, RegistrationStore
from signalbox.services.ports.time import Clock


@frozen
class ListInstances:
    """List the instances of services."""

    config: ConfigWriter
    registrations: RegistrationStore
    health: InstanceHealthStore
    clock: Clock

    def __call__(self, name: str) -> InstanceList:
        """Return the instances of a service and of its versions, as stored now.

        Raises:
            NotFound: There is no such service.
            Unavailable: A store did not answer.
        """
        self.config.invalidate()
        for service in self.config.all(Service):
            if service.name == name:
                return self._of(service)
        raise NotFound("there is no such service")

    def _of(self, service: Service) -> InstanceList:
        versions = service.all_versions
        names = {version: balanced_name(service.name, version) for version in versions}
        stored = self.health.batch_get(names.values())
        items: list[InstanceStatus] = []
        history: list[InstanceEvent] = []
        for version in versions:
            health = stored.get(names[version], ServiceHealth())
            items.extend(self._statuses(service, version, health))
            history.extend(_events(health, version))
        history.sort(key=attrgetter("at"), reverse=True)
        return InstanceList(items=tuple(items), history=tuple(history))

    def _statuses(
        self, service: Service, version: str | None, health: ServiceHealth
    ) -> Iterator[InstanceStatus]:
        now, configured = self.clock(), service.instances_of(version)
        live: Mapping[str, Registration] = {}
        if service.self_registration:
            stored = self.registrations.of_service(balanced_name(service.name, version))
            taken = {each.id for each in configured}
            found = live_registrations(stored, now)
            live = {each.instance.id: each for each in found if each.instance.id not in taken}
        listed = [
            _status(instance, version, health.by_id.get(instance.id), live.get(instance.id), now)
            for instance in with_registered(configured, live.values())
        ]
        if service.discovery:
            known = {each.id for each in listed}
            listed += [
                _discovered(record, version, now)
                for record in health.instances
                if record.id not in known
            ]
        yield from sorted(listed, key=attrgetter("id"))


def _events(health: ServiceHealth, version: str | None) -> Iterator[InstanceEvent]:
    for change in health.history:
        yield InstanceEvent(
            at=change.at,
            version=version,
            instance=change.instance,
            event=change.event,
            reason=change.reason,
        )


def _status(
    instance: Instance,
    version: str | None,
    record: InstanceHealth | None,
    registration: Registration | None,
    now: datetime,
) -> InstanceStatus:
    return InstanceStatus(
        id=instance.id,
        version=version,
        url=instance.url,
        weight=instance.weight,
        zone=instance.zone,
        metadata=instance.metadata,
        source=InstanceSource.REGISTERED if registration else InstanceSource.CONFIGURED,
        state=instance_state(record, now),
        since=record.since if record else None,
        ejected_until=_ejected_until(record, now),
        registered_at=registration.registered_at if registration else None,
        expires_at=registration.expires_at if registration else None,
        ttl_seconds=registration.ttl_seconds if registration else None,
    )


def _discovered(record: InstanceHealth, version: str | None, now: datetime) -> InstanceStatus:
    """Return the status of an instance that only its health is known of here."""
    return InstanceStatus(
        id=record.id,
        version=version,
        url=None,
        weight=None,
        zone=None,
        metadata={},
        source=InstanceSource.DISCOVERED,
        state=instance_state(record, now),
        since=record.since,
        ejected_until=_ejected_until(record, now),
        registered_at=None,
        expires_at=None,
        ttl_seconds=None,
    )


def _ejected_until(record: InstanceHealth | None, now: datetime) -> datetime | None:
    return record.ejected_until if record and record.is_ejected(now) else None
