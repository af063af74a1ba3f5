"""A row of the conformance table: a request, and what a reverse proxy makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from signalbox.services.ports.gateway import HeaderFields
from tests.fakes.raw_server import OK

EVERYWHERE: Final[Mapping[str, Any]] = MappingProxyType({})
"""Both forms of the gateway do the same."""


@dataclass(frozen=True)
class Row:
    """A request, what the service is to get of it, and what the client gets.

    `source` is the clause or the proxy that promises the `rule`. `line` is the request line; `sent`
    are fields that the service gets, `unsent` names that it does not get. `{origin}` in `answer`
    stands for the URL of the instance, `{authority}` in `sent` for its host and port. `error` is
    the code of the problem if the client gets one: then with `reached` the service got the
    request. `own` is an answer of the gateway itself. `truncated` is a response whose connection
    ends before its body. `asgi` is what a server does otherwise than Lambda, None if it never gets
    such a request.
    """

    source: str
    rule: str
    method: str = "GET"
    path: str = "/api/orders/42"
    query: str = ""
    fields: HeaderFields = ()
    body: bytes = b""
    host: str = "api.example.com"
    client: str = "192.0.2.7"
    protocol: str = "HTTP/1.1"
    line: str = ""
    sent: HeaderFields = ()
    unsent: tuple[str, ...] = ()
    sent_body: bytes | None = None
    answer: bytes | tuple[bytes, ...] = OK
    status: int = 200
    got: HeaderFields = ()
    ungot: tuple[str, ...] = ()
    got_body: bytes | None = None
    error: str = ""
    reached: bool = False
    own: bool = False
    truncated: bool = False
    asgi: Mapping[str, Any] | None = field(default_factory=dict)

    @property
    def for_asgi(self) -> "Row | None":
        """The row as a server is to answer it, None if it gets no such request."""
        return None if self.asgi is None else replace(self, **self.asgi)


def response(*lines: str, body: bytes = b"ok", status: str = "200 OK") -> bytes:
    """Return the bytes of an answer."""
    head = "\r\n".join((f"HTTP/1.1 {status}", *lines))
    return head.encode("latin-1") + b"\r\n\r\n" + body


def with_length(*lines: str, body: bytes = b"ok", status: str = "200 OK") -> bytes:
    """Return the bytes of an answer with its length."""
    return response(*lines, f"Content-Length: {len(body)}", body=body, status=status)


TRUNCATED: Final = {"error": "", "reached": False, "status": 200, "truncated": True}
"""What a server does when an answer breaks off of which it has passed on the beginning."""


def broken(
    source: str,
    rule: str,
    answer: bytes,
    code: str = "bad_gateway",
    asgi: Mapping[str, Any] | None = None,
) -> Row:
    """Return a row whose answer is not passed on."""
    return Row(
        source, f"not passed on: {rule}", answer=answer, error=code, reached=True, asgi=asgi or {}
    )


def refused(
    source: str,
    rule: str,
    *fields: tuple[str, str],
    code: str = "headers_invalid",
    method: str = "GET",
    asgi: Mapping[str, Any] | None = EVERYWHERE,
) -> Row:
    """Return a row whose request is refused for its fields or its method."""
    return Row(source, rule, fields=fields, error=code, method=method, asgi=asgi)
