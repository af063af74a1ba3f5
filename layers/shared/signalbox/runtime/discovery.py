"""Build what looks up the instances of services; each part is imported when it is needed."""

from functools import cached_property

from signalbox.models.service_discovery import ServiceDiscovery
from signalbox.runtime.telemetry import logger
from signalbox.runtime.wiring import Wiring
from signalbox.services.gateway.discovery import CachedDiscovery
from signalbox.services.ports.discovery import DiscoverEndpoints, DiscoveryAnswer


class Directories:
    """Looks up instances in the directory that a service names."""

    def __init__(self, wired: Wiring) -> None:
        self._wired = wired

    def __call__(self, discovery: ServiceDiscovery) -> DiscoveryAnswer:
        """Return the instances.

        Raises:
            Unavailable: The directory did not answer.
        """
        return (self._cloud_map if discovery.cloud_map else self._dns)(discovery)

    @cached_property
    def _cloud_map(self) -> DiscoverEndpoints:
        from signalbox.aws.cloud_map import CloudMapEndpoints  # noqa: PLC0415  few need it

        return CloudMapEndpoints(client=self._wired.service_discovery)

    @cached_property
    def _dns(self) -> DiscoverEndpoints:
        from signalbox.egress.dns_discovery import DnsEndpoints  # noqa: PLC0415  few need it

        return DnsEndpoints()


def cached_discovery(wired: Wiring) -> CachedDiscovery:
    """Return the instances that are looked up, as this process sees them."""
    log = logger()

    def report(service: str, reason: str) -> None:
        log.warning("discovery", extra={"target_service": service, "reason": reason})

    return CachedDiscovery(discover=Directories(wired), clock=wired.clock, report=report)
