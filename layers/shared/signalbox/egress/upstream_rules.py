"""The rules of calls of instances, for every client: which addresses, and which answers are valid.

An answer whose end is not certain is no answer.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import h11

from signalbox.egress.sockets import UrlOrigin
from signalbox.models.errors import SendRefused
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.ip_addresses import is_allowed_address, is_forbidden_address
from signalbox.models.networks import contains_address
from signalbox.services.gateway.fields import MAX_FIELD_BYTES, are_valid_fields
from signalbox.services.ports.gateway import HeaderFields, UpstreamRequest

ALPN: Final = "http/1.1"
MAX_INFORMATIONAL: Final = 20
_KNOWN_ADDRESSES: Final = 1_024
_KNOWN_ORIGINS: Final = 1_024
_MAX_STATUS: Final = 599


@lru_cache(_KNOWN_ORIGINS)
def origin_of(url: str) -> UrlOrigin:
    """Return the origin of the URL of an instance.

    Raises:
        ValueError: It is no such URL.
    """
    return UrlOrigin.of(url)


def check_addresses(origin: UrlOrigin, addresses: Sequence[str], networks: tuple[str, ...]) -> None:
    """Check the addresses of an instance: public ones by https, or all within `networks`.

    Raises:
        SendRefused: They may not be called.
    """
    if refusal := _refusal(origin.scheme, tuple(addresses), networks):
        raise SendRefused(refusal)


@lru_cache(_KNOWN_ADDRESSES)
def _refusal(scheme: str, addresses: tuple[str, ...], networks: tuple[str, ...]) -> str:
    """Return why the addresses may not be called, empty if they may."""
    if any(map(is_forbidden_address, addresses)):
        return "the address is never called"
    if all(contains_address(networks, address) for address in addresses):
        return ""
    if scheme != "https":
        return "the address is not https"
    if not all(map(is_allowed_address, addresses)):
        return "the address is not a public one, nor in an allowed network"
    return ""


def request_head(request: UpstreamRequest) -> h11.Request:
    """Return the head of a request.

    Raises:
        LocalProtocolError: It is not valid.
    """
    return h11.Request(
        method=request.method,
        target=request.target,
        headers=[(name.encode(), value.encode("latin-1")) for name, value in request.fields],
    )


def checked_fields(response: h11.Response) -> HeaderFields:
    """Return the fields of an answer in order.

    Raises:
        AttemptFailed: They are not valid, or the end of the body is given in two ways.
    """
    fields = tuple(
        (name.decode("ascii"), value.decode("latin-1"))
        for name, value in response.headers.raw_items()
    )
    names = {name.lower() for name, _ in fields}
    if {"content-length", "transfer-encoding"} <= names:
        raise AttemptFailed("the length is given in two ways", UpstreamFault.BROKEN)
    if not response.http_version.startswith(b"1."):
        raise AttemptFailed("the answer is not HTTP/1", UpstreamFault.BROKEN)
    if response.http_version == b"1.0" and "transfer-encoding" in names:
        raise AttemptFailed("HTTP/1.0 has no codings", UpstreamFault.BROKEN)
    if sum(len(name) + len(value) for name, value in fields) > MAX_FIELD_BYTES:
        raise AttemptFailed("the head of the answer is too long", UpstreamFault.BROKEN)
    if response.status_code > _MAX_STATUS or not are_valid_fields(fields):
        raise AttemptFailed("the answer has a malformed header", UpstreamFault.BROKEN)
    return fields
