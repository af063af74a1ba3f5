"""A request as a front of the gateway takes it: API Gateway and Lambda, or a server."""

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from signalbox.models.gateway_errors import FieldsInvalid
from signalbox.models.ids import RequestId
from signalbox.models.request import InboundRequest
from signalbox.services.gateway.paths import RequestPath, parse_query
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.ports.gateway import Body, HeaderFields

_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9a-f:.]{2,45}\](:[0-9]{1,5})?")

ReadBody = Callable[[int], Coroutine[Any, Any, Body]]
"""Return the body, which may have so many bytes. Raises PayloadTooLarge, PayloadInvalid."""


@dataclass(slots=True, kw_only=True)
class BodyBytes:
    """How many bytes of the bodies of a request and its response have passed."""

    received: int = 0
    sent: int = 0


@dataclass(frozen=True, kw_only=True)
class IncomingRequest:
    """A request before anything of it is checked.

    `path` and `query` are as they were sent; `path` has no `base`, such as the API mapping of a
    custom domain. `host`, `scheme`, `port` and `client` are facts of the connection, `seconds` is
    the time that is left for the response, and `log_fields` are those of the access line.
    """

    method: str
    path: str
    query: str
    fields: HeaderFields = field(repr=False)
    read_body: ReadBody
    host: str
    client: str
    seconds: float
    request_id: RequestId
    log_fields: Mapping[str, str]
    base: str = ""
    scheme: str = "https"
    port: int = 443
    protocol: str = "1.1"
    bytes: BodyBytes = field(default_factory=BodyBytes)

    @cached_property
    def inbound(self) -> InboundRequest:
        """Return the request without its body, for those who authenticate it."""
        headers: dict[str, str] = {}
        for name, value in self.fields:
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return InboundRequest(
            method=self.method,
            path=self.path,
            base_path=self.base,
            query=self.query,
            headers=headers,
            body=b"",
            source_ip=self.client,
            request_id=self.request_id,
        )

    def to_gateway_request(self, path: RequestPath) -> GatewayRequest:
        """Return the request that is to be forwarded, without its body.

        Raises:
            FieldsInvalid: The host is malformed.
            PathInvalid: The query has control characters.
            UriTooLong: The query is too long.
        """
        if not _HOST.fullmatch(self.host):
            raise FieldsInvalid("the header Host is malformed")
        return GatewayRequest(
            method=self.method,
            path=path,
            fields=self.fields,
            query=parse_query(self.query),
            host=self.host,
            scheme=self.scheme,
            port=self.port,
            client=self.client,
            base=self.base,
            protocol=self.protocol,
            request_id=self.request_id,
        )
