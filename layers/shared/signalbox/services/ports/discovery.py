"""The port of discovery: where the instances of a service are, by somebody else's account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from signalbox.models.service_discovery import ServiceDiscovery


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredEndpoint:
    """An instance as a directory has it.

    `name` is its id there, `host` its address or host name, empty if it has none. The weight may
    be any number.
    """

    name: str
    host: str
    port: int | None = None
    weight: int = 1
    zone: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryAnswer:
    """All instances that there are now, and how long that may be used."""

    endpoints: tuple[DiscoveredEndpoint, ...]
    ttl: timedelta


DiscoverEndpoints = Callable[[ServiceDiscovery], DiscoveryAnswer]
"""Look up instances; a name that does not exist has none. Raises Unavailable."""
