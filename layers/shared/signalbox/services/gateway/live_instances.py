"""The instances of a service: those that are configured, and those that registered themselves."""

from dataclasses import dataclass
from datetime import timedelta

from signalbox.models.registration import with_registered
from signalbox.models.service import Service
from signalbox.services.gateway.instance_pool import BalancedService
from signalbox.services.gateway.registration import CachedRegistrations


def balanced_name(service: str, version: str | None) -> str:
    """Return the name under which the instances of a version are registered and watched."""
    return "/".join(filter(None, (service, version)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveInstances:
    """The instances of services as one process sees them."""

    registrations: CachedRegistrations

    def __call__(self, service: Service, version: str | None) -> BalancedService:
        """Return the instances of a version of a service, None for those of no version.

        Registrations are read only for services that take them.
        """
        name = balanced_name(service.name, version)
        live = self.registrations.live(name) if service.self_registration else ()
        return BalancedService(
            name=name,
            instances=with_registered(service.instances_of(version), live),
            policy=service.balancing,
            outliers=service.outliers,
            slow_start=timedelta(seconds=service.slow_start_seconds),
            started_at={each.instance.id: each.registered_at for each in live},
        )
