"""The port of discovery: where the instances of a service are, by somebody else's account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from signalbox.models.frozen import frozen
from signalbox.models.service_discovery import ServiceDiscovery

if TYPE_CHECKING:
    from datetime import timedelta


@frozen
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


@frozen
class DiscoveryAnswer:
    """All instances that there are now, and how long that may be used."""

    endpoints: tuple[DiscoveredEndpoint, ...]
    ttl: timedelta


DiscoverEndpoints = Callable[[ServiceDiscovery], DiscoveryAnswer]
"""Look up instances; a name that does not exist has none. Raises Unavailable."""
