"""What spans of requests have in common, those of a server and those of a client.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from typing import Final

from signalbox.models.span import Attribute, Span

_METHODS: Final = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_MAX_HOST: Final = 255
_MAX_PORT: Final = 65_535
_PORT_DIGITS: Final = 5


def describe_method(span: Span, method: str) -> None:
    """Name a span after the method of its request, which is any word that a client sends."""
    is_known = method in _METHODS
    span.name = method if is_known else "HTTP"
    span.attributes["http.request.method"] = method if is_known else "_OTHER"


def server_attributes(authority: str) -> dict[str, Attribute]:
    """Return the attributes of a server, of which the authority of a URL is known."""
    host, colon, port = authority.rpartition(":")
    if not (colon and port.isdecimal() and port.isascii()):
        host, port = authority, ""
    attributes: dict[str, Attribute] = {}
    if host:
        attributes["server.address"] = host[:_MAX_HOST].strip("[]")
    # Python refuses to convert thousands of digits
    if port and len(port) <= _PORT_DIGITS and int(port) <= _MAX_PORT:
        attributes["server.port"] = int(port)
    return attributes
