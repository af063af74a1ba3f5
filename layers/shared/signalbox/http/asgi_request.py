"""A request of ASGI as the gateway takes it: who sent it, from where, and to which path."""

from collections.abc import Iterable
from typing import Final

from signalbox.http.asgi_body import ReceivedBody
from signalbox.http.asgi_messages import HttpScope, Receive
from signalbox.http.events import accepted_request_id, loggable_path
from signalbox.http.gateway_request import BodyBytes, IncomingRequest
from signalbox.models.ip_addresses import is_address
from signalbox.models.networks import contains_address
from signalbox.services.ports.gateway import HeaderFields, field_values

_SECONDS: Final = 3_600.0
"""No server ends a request; the times of its service do."""

_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT_DIGITS: Final = 5
_MAX_LENGTH_DIGITS: Final = 15


def asgi_request(
    scope: HttpScope, receive: Receive, trusted_proxies: tuple[str, ...]
) -> tuple[IncomingRequest, ReceivedBody]:
    """Return a request and its body.

    The `X-Forwarded-For`, `-Proto` and `-Port` of peers in `trusted_proxies` are believed.
    """
    fields = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    )
    peer = scope["client"][0] if scope["client"] else ""
    is_trusted = bool(trusted_proxies) and contains_address(trusted_proxies, peer)
    scheme, port = _scheme_and_port(scope, fields if is_trusted else ())
    authority, path = _target(scope["raw_path"].decode("utf-8", "backslashreplace"))
    passed = BodyBytes()
    body = ReceivedBody(receive, _length(scope["http_version"], fields), passed)
    incoming = IncomingRequest(
        method=scope["method"],
        path=path,
        query=scope["query_string"].decode("utf-8", "surrogateescape"),
        fields=fields,
        read_body=body.read,
        host=authority or _first(fields, "host"),
        client=_client(peer, field_values(fields, "x-forwarded-for"), trusted_proxies)
        if is_trusted
        else peer,
        seconds=_SECONDS,
        request_id=accepted_request_id(_first(fields, "x-request-id")),
        log_fields={"method": scope["method"], "path": loggable_path(path)},
        scheme=scheme,
        port=port,
        protocol=scope["http_version"],
        bytes=passed,
    )
    return incoming, body


def _target(target: str) -> tuple[str, str]:
    """Return the authority of a target in absolute form (RFC 9112, 3.2.2), and its path."""
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in _PORTS:
        return "", target
    authority, slash, path = rest.partition("/")
    return authority, slash + path or "/"


def _scheme_and_port(scope: HttpScope, believed: HeaderFields) -> tuple[str, int]:
    """Return what the client used, which trusted proxies say in their headers."""
    forwarded = _first(believed, "x-forwarded-proto").lower()
    scheme = forwarded if forwarded in _PORTS else scope["scheme"]
    port = _first(believed, "x-forwarded-port")
    if port.isdecimal() and port.isascii() and len(port) <= _MAX_PORT_DIGITS:
        return scheme, int(port)
    own = scope["server"][1] if scope["server"] else None
    return scheme, _PORTS[scheme] if scheme == forwarded or own is None else own


def _client(peer: str, forwarded: Iterable[str], trusted: tuple[str, ...]) -> str:
    """Return the last address that no trusted proxy has, of those that trusted ones have added."""
    client = peer
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    for hop in reversed(hops):
        if not is_address(hop):
            break
        client = hop
        if not contains_address(trusted, hop):
            break
    return client


def _length(version: str, fields: HeaderFields) -> int | None:
    """Return the length of the body if it is given; 0 for HTTP/1 without any (RFC 9112, 6.3)."""
    lengths = field_values(fields, "content-length")
    if field_values(fields, "transfer-encoding"):
        return None
    if len(lengths) == 1 and lengths[0].isdecimal() and lengths[0].isascii():
        return int(lengths[0][:_MAX_LENGTH_DIGITS])
    return None if lengths or not version.startswith("1.") else 0


def _first(fields: HeaderFields, name: str) -> str:
    values = field_values(fields, name)
    return values[0] if values else ""
