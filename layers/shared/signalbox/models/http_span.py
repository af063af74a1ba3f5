"""What spans of requests have in common, those of a server and those of a client.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import re
from typing import Final

from signalbox.models.span import Attribute, Span

_METHODS: Final = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)
_AUTHORITY: Final = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_MAX_PORT: Final = 65_535


def describe_method(span: Span, method: str) -> None:
    """Name a span after the method of its request, which is any word that a client sends."""
    is_known = method in _METHODS
    span.name = method if is_known else "HTTP"
    span.attributes["http.request.method"] = method if is_known else "_OTHER"


def server_attributes(authority: str) -> dict[str, Attribute]:
    """Return the attributes of a server, of which the authority of a URL is known.

    What is malformed is left out: `user:password@host` is not for a span.
    """
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return {}
    attributes: dict[str, Attribute] = {"server.address": found[1].strip("[]")}
    if found[2] and int(found[2]) <= _MAX_PORT:
        attributes["server.port"] = int(found[2])
    return attributes
