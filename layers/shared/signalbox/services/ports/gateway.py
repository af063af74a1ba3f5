"""The ports of the gateway: requests to instances, and their answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult
from signalbox.models.upstream import Instance

HeaderFields = tuple[tuple[str, str], ...]
"""Header fields in order; a name may be there several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRequest:
    """A request to an instance. `target` is path and query, to which its base path is added.

    `connect` and `seconds` are the times to connect and in total. HeaderFields may contain secrets.
    """

    instance: Instance
    method: str
    target: str = field(repr=False)
    fields: HeaderFields = field(repr=False)
    body: bytes = field(repr=False)
    connect: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamResponse:
    """The answer of an instance, with its bytes unchanged."""

    status: int
    fields: HeaderFields = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


SendUpstream = Callable[[UpstreamRequest], UpstreamResponse]
"""Send a request to an instance and return its answer. Raises AttemptFailed."""

ProbeInstance = Callable[[Instance, HealthCheck], CheckResult]
"""Check an instance once. It never raises."""

Timer = Callable[[], float]
"""Return a time in seconds that only grows."""
