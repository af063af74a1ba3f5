"""The header fields of requests and responses: which are refused, removed, passed on and added.

See RFC 9110, 7.6, and RFC 9112, 6 and 9.6.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from signalbox.models.gateway_errors import (
    ExpectationFailed,
    FieldsInvalid,
    FieldsTooLarge,
    LoopDetected,
    MethodUnsupported,
    UpgradeUnsupported,
)
from signalbox.services.gateway.bodies import body_length
from signalbox.services.gateway.own_cookies import sets_own_cookie, without_own_cookies
from signalbox.services.gateway.request import Destination, GatewayRequest
from signalbox.services.ports.gateway import HeaderFields, field_values

MAX_FIELD_BYTES: Final = 16 * 1024

_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_REPLACED: Final = frozenset(
    {"content-length", "expect", "forwarded", "host", "via", "x-real-ip", "x-request-id"}
)
_PREFIXES: Final = ("x-amzn-", "x-forwarded-", "x-signalbox-")
_OF_RESPONSES: Final = frozenset({"alt-svc", "content-length", "server", "via", "x-request-id"})
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
_KNOWN_NAMES: Final = 1_024
_OTHER_THAN_NAMES: Final = re.compile(r"[^0-9a-z]")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN_CHARACTER: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
_LENGTH: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_MET_BY_READING: Final = "100-continue"
_NO_UPGRADES: Final = "1.0"
_HARMLESS_UPGRADES: Final = frozenset({"h2c"})


def check_request(request: GatewayRequest) -> None:
    """Check the method and the fields of a request.

    Raises:
        FieldsInvalid: A field is malformed, or fields contradict each other or the body.
        FieldsTooLarge: The fields are too long.
        ExpectationFailed: The request expects something other than 100-continue.
        MethodUnsupported: It is TRACE, whose answer has what only the service may see.
        UpgradeUnsupported: The request asks for another protocol or a tunnel.
    """
    if not _TOKEN.fullmatch(request.method):
        raise FieldsInvalid("the method is no token")
    if sum(len(name) + len(value) for name, value in request.fields) > MAX_FIELD_BYTES:
        raise FieldsTooLarge(f"the headers have more than {MAX_FIELD_BYTES} bytes")
    if not are_valid_fields(request.fields):
        raise FieldsInvalid("a header has a character that none may have")
    if len(request.values("host")) > 1:
        raise FieldsInvalid("there are several Host headers")
    _check_framing(request)
    if any(value.lower() != _MET_BY_READING for value in request.values("expect")):
        raise ExpectationFailed("only 100-continue may be expected")
    if request.method == "TRACE":
        raise MethodUnsupported("TRACE is not forwarded")
    if request.method == "CONNECT" or _asks_for_upgrade(request):
        raise UpgradeUnsupported("other protocols and tunnels are not forwarded")


def _asks_for_upgrade(request: GatewayRequest) -> bool:
    """Return whether another protocol is asked for. HTTP/1.0 has none (RFC 9110, 7.8)."""
    upgrades = {word.lower() for word in _words(request.values("upgrade"))}
    return request.protocol != _NO_UPGRADES and not upgrades <= _HARMLESS_UPGRADES


def check_loop(request: GatewayRequest, name: str) -> None:
    """Check that a request has not been here before; `name` is ours in `Via`.

    Raises:
        LoopDetected: It has.
    """
    hops = (hop.split() for hop in list_members(request.values("via")))
    if any(len(hop) > 1 and hop[1] == name for hop in hops):
        raise LoopDetected("the request comes from this gateway")


def are_valid_fields(fields: HeaderFields) -> bool:
    """Return whether names are tokens, and no value has CR, LF, NUL or another control."""
    return all(
        _TOKEN.fullmatch(name) and not _FORBIDDEN_CHARACTER.search(value) for name, value in fields
    )


@lru_cache(_KNOWN_NAMES)
def plain_field_name(name: str) -> str:
    """Return a name as some servers read it for CGI, in which letters and digits alone count."""
    return _OTHER_THAN_NAMES.sub("-", name.lower())


def is_reserved_field(name: str) -> bool:
    """Return whether a header is of one hop, or the gateway's own in requests or responses."""
    plain = plain_field_name(name)
    reserved = _HOP_BY_HOP | _REPLACED | _OF_RESPONSES
    return plain in reserved or plain.startswith(_PREFIXES)


def upstream_fields(
    request: GatewayRequest,
    destination: Destination,
    *,
    host: str,
    via: str,
    credentials: Collection[str],
    persistent: bool = False,
) -> HeaderFields:
    """Return the fields of the request to an instance.

    Args:
        request: The request as it came.
        destination: Where it goes.
        host: The `Host` that the instance gets.
        via: Our name in `Via`.
        credentials: Names of headers that were meant for us, in lower case.
        persistent: Whether the connection may be used again.
    """
    removed = _HOP_BY_HOP | _REPLACED | frozenset(credentials) | _named_by_connection(request)
    passed = [
        (name, _decremented(request, name, value).strip(" \t"))
        for name, value in without_own_cookies(request.fields)
        if not _is_removed(name, removed) and not plain_field_name(name).startswith(_PREFIXES)
    ]
    trailers = "trailers" in (word.lower() for word in _words(request.values("te")))
    options = ", ".join([*([] if persistent else ["close"]), *(["te"] if trailers else [])])
    return (
        ("host", host),
        *passed,
        *_forwarding(request, destination),
        ("via", ", ".join((*request.values("via"), f"{request.protocol} {via}"))),
        ("x-request-id", request.request_id),
        *_length(request),
        *([("te", "trailers")] if trailers else []),
        *([("connection", options)] if options else []),
    )


def client_fields(fields: HeaderFields, *, with_length: bool) -> HeaderFields:
    """Return the fields of a response for the client.

    What tells of the inside is removed. `with_length` keeps the length of a body that is not there:
    that of a response to HEAD, or of a 304.
    """
    named = {word.lower() for word in _words(field_values(fields, "connection"))}
    removed = _HOP_BY_HOP | named | _OF_RESPONSES
    kept = {"content-length"} - named if with_length else set()
    return tuple(
        (name, value)
        for name, value in fields
        if name.lower() not in removed - kept
        and not name.lower().startswith("x-signalbox-")
        and not sets_own_cookie(name, value)
    )


def remaining_forwards(request: GatewayRequest) -> int | None:
    """Return how often an OPTIONS request may be forwarded (RFC 9110, 7.6.2), None if not limited.

    Other methods are not limited, as TRACE is refused.
    """
    values = request.values("max-forwards")
    if request.method != "OPTIONS" or len(values) != 1 or not _LENGTH.fullmatch(values[0]):
        return None
    return int(values[0])


def _decremented(request: GatewayRequest, name: str, value: str) -> str:
    """Return the value of a field; that of `Max-Forwards` counts down."""
    if name.lower() != "max-forwards":
        return value
    left = remaining_forwards(request)
    return value if left is None else str(left - 1)


def _check_framing(request: GatewayRequest) -> None:
    """Check `Content-Length` and `Transfer-Encoding` against each other and the body."""
    lengths = request.values("content-length")
    codings = tuple(value.strip(" \t").lower() for value in request.values("transfer-encoding"))
    if codings and (lengths or codings != ("chunked",)):
        raise FieldsInvalid("the length of the body is given in two ways, or in an unknown one")
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(value.strip(" \t")) for value in lengths):
        raise FieldsInvalid("Content-Length is no number, or several")
    length = body_length(request.body)
    if lengths and length is not None and int(lengths[0]) != length:
        raise FieldsInvalid("Content-Length is not the length of the body")


def _forwarding(request: GatewayRequest, destination: Destination) -> Iterator[tuple[str, str]]:
    yield "x-forwarded-for", request.client
    yield "x-forwarded-proto", request.scheme
    yield "x-forwarded-host", request.host
    yield "x-forwarded-port", str(request.port)
    prefix = request.base
    if destination.external != destination.internal:
        prefix += destination.external
    if prefix:
        yield "x-forwarded-prefix", prefix
    node = f'"[{request.client}]"' if _is_ipv6(request.client) else request.client or "unknown"
    host = request.host if _TOKEN.fullmatch(request.host) else f'"{request.host}"'
    yield "forwarded", f"for={node};host={host};proto={request.scheme}"


def _length(request: GatewayRequest) -> Iterator[tuple[str, str]]:
    length = body_length(request.body)
    if length is None:
        yield "transfer-encoding", "chunked"
    elif length or request.method in _WITH_LENGTH or request.values("content-length"):
        yield "content-length", str(length)


def _is_removed(name: str, removed: Collection[str]) -> bool:
    """Return whether a field is removed, also as services read it that know no hyphens."""
    return name.lower() in removed or plain_field_name(name) in removed


def _named_by_connection(request: GatewayRequest) -> frozenset[str]:
    return frozenset(word.lower() for word in _words(request.values("connection")))


def list_members(values: Iterable[str]) -> Iterator[str]:
    """Yield the members of the lists in these values of a field (RFC 9110, 5.6.1)."""
    for value in values:
        yield from (member.strip() for member in value.split(",") if member.strip())


def _words(values: Iterable[str]) -> Iterator[str]:
    """Yield the members of lists, without their parameters."""
    for member in list_members(values):
        yield member.partition(";")[0].strip()


def _is_ipv6(address: str) -> bool:
    try:
        return isinstance(ip_address(address), IPv6Address)
    except ValueError:
        return False
