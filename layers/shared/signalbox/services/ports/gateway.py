"""The ports of the gateway: requests to instances, and their answers."""

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import field
from typing import Protocol

from signalbox.models.frozen import frozen
from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult
from signalbox.models.rate_limits import RateLimitPolicy, RateLimitQuota
from signalbox.models.service_tls import PUBLIC_TLS, UpstreamTls
from signalbox.models.upstream import Instance

HeaderFields = tuple[tuple[str, str], ...]
"""Header fields in order; a name may be there several times."""


def field_values(fields: HeaderFields, name: str) -> tuple[str, ...]:
    """Return the values of every field of this name, which is in lower case."""
    return tuple(value for key, value in fields if key.lower() == name)


class BodyStream(Protocol):
    """A body that is read while it arrives, once, in pieces of bytes."""

    @property
    def length(self) -> int | None:
        """Return how many bytes it has, None if that is not known before its end."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the pieces."""

    async def close(self) -> None:
        """Leave the rest unread. It may be called several times, and after the end."""


Body = bytes | BodyStream
"""A body: its bytes, or where they come from."""


@frozen
class UpstreamRequest:
    """A request to an instance. `target` is path and query, to which its base path is added.

    `connect` and `seconds` are the times to connect and in total. HeaderFields may contain secrets.
    """

    instance: Instance
    method: str
    target: str = field(repr=False)
    fields: HeaderFields = field(repr=False)
    body: Body = field(repr=False)
    connect: float
    seconds: float
    tls: UpstreamTls = PUBLIC_TLS


@frozen
class GatewayResponse:
    """A response to the client, or that of an instance, with its bytes unchanged."""

    status: int
    fields: HeaderFields = field(default=(), repr=False)
    body: Body = field(default=b"", repr=False)

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of every header of this name, in lower case."""
        return field_values(self.fields, name)


SendUpstream = Callable[[UpstreamRequest], Coroutine[None, None, GatewayResponse]]
"""Send a request to an instance and return its answer. Raises AttemptFailed."""

ProbeInstance = Callable[[Instance, HealthCheck, UpstreamTls], CheckResult]
"""Check an instance once. It never raises."""

Timer = Callable[[], float]
"""Return a time in seconds that only grows."""

TakeFromLimit = Callable[[str, RateLimitPolicy], Coroutine[None, None, RateLimitQuota]]
"""Count a request against a limit, by the key of who sends it. Raises OverLimit, Unavailable."""
