"""The instances of a service: configured, registered by themselves, or looked up."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.registration import with_registered
from signalbox.models.service import Service
from signalbox.services.gateway.discovery import (
    NOTHING_DISCOVERED,
    CachedDiscovery,
    DiscoveredInstances,
    with_discovered,
)
from signalbox.services.gateway.instance_pool import BalancedService
from signalbox.services.gateway.registration import CachedRegistrations


def balanced_name(service: str, version: str | None) -> str:
    """Return the name under which the instances of a version are registered and watched."""
    return "/".join(filter(None, (service, version)))


@frozen
class LiveInstances:
    """The instances of services as one process sees them.

    Where others see to it that they are read and looked up, for an event loop, `looks_up` is false.
    """

    registrations: CachedRegistrations
    discovery: CachedDiscovery
    looks_up: bool = True

    def __call__(self, service: Service, version: str | None) -> BalancedService:
        """Return the instances of a version of a service, None for those of no version.

        Registrations are read only for services that take them, and instances looked up only for
        those that say where.
        """
        name = balanced_name(service.name, version)
        live = (
            self.registrations.live(name, reads=self.looks_up) if service.self_registration else ()
        )
        found = self._discovered(service)
        registered = with_registered(service.instances_of(version), live)
        started_at: Mapping[str, datetime] = {
            **found.started_at,
            **{each.instance.id: each.registered_at for each in live},
        }
        return BalancedService(
            name=name,
            instances=with_discovered(registered, found.of_version(version)),
            policy=service.balancing,
            outliers=service.outliers,
            slow_start=timedelta(seconds=service.slow_start_seconds),
            started_at=started_at,
        )

    def _discovered(self, service: Service) -> DiscoveredInstances:
        try:
            return (self.discovery.get if self.looks_up else self.discovery.last)(service)
        except Unavailable:
            return NOTHING_DISCOVERED  # those that are configured or registered serve on
