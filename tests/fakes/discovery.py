"""A directory of instances, in memory."""

from datetime import timedelta

from signalbox.models.errors import Unavailable
from signalbox.models.service_discovery import ServiceDiscovery
from signalbox.services.ports.discovery import DiscoveredEndpoint, DiscoveryAnswer


class FakeDirectory:
    """Answers every lookup by its endpoints. While `down` it raises Unavailable."""

    def __init__(self, *endpoints: DiscoveredEndpoint, seconds: float = 5) -> None:
        self.endpoints, self.ttl = endpoints, timedelta(seconds=seconds)
        self.lookups: list[ServiceDiscovery] = []
        self.down = False

    def __call__(self, discovery: ServiceDiscovery) -> DiscoveryAnswer:
        self.lookups.append(discovery)
        if self.down:
            raise Unavailable("the directory did not answer")
        return DiscoveryAnswer(endpoints=self.endpoints, ttl=self.ttl)
