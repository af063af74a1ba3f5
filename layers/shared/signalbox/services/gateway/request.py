"""A request that is to be forwarded, and where it goes."""

from dataclasses import field

from signalbox.models.frozen import frozen
from signalbox.models.service import Service
from signalbox.services.gateway.paths import RequestPath
from signalbox.services.ports.gateway import Body, HeaderFields, field_values


@frozen
class GatewayRequest:
    """A request as it came to the gateway.

    `host`, `scheme`, `port` and `client` are facts of the connection, not of its headers. `base` is
    the part of the URL before the path, such as the API mapping of a custom domain; `query` is
    the part after the question mark, as it was sent. `protocol` is the version of HTTP.
    """

    method: str
    path: RequestPath
    fields: HeaderFields = field(repr=False)
    body: Body = field(default=b"", repr=False)
    query: str = field(default="", repr=False)
    host: str = ""
    scheme: str = "https"
    port: int = 443
    client: str = ""
    base: str = ""
    protocol: str = "1.1"
    request_id: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of every header of this name, in lower case."""
        return field_values(self.fields, name)


@frozen
class Destination:
    """Where a request goes: a version of a service, and the path there.

    `external` is the beginning of the path that `internal` replaces.
    """

    service: Service
    version: str | None
    path: str
    external: str
    internal: str
