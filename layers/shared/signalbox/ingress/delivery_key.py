"""The ids of deliveries, by which a redelivery is recognised."""

import hashlib
import re
from typing import Final

from signalbox.ingress.payload import decode_json
from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest

_ID: Final = re.compile(r"[!-~]{1,128}")


def delivery_key(request: InboundRequest, *headers: str) -> str:
    """Return the id that the provider sends in the first of these headers, or a hash of the body.

    An id is usable if it has 1 to 128 printable ASCII characters and no blank.
    """
    usable = (value for value in map(request.header, headers) if _ID.fullmatch(value))
    return next(usable, "") or _usable("", request)


def delivery_key_in_body(request: InboundRequest, *path: str) -> str:
    """Return the id that the provider sends in its JSON, or else a hash of the body.

    `path` names the members on the way to it: `"event", "id"`. An id is a usable text, as in a
    header, or a number.
    """
    try:
        value = decode_json(request)
    except PayloadInvalid:
        value = None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        value = str(value)
    return _usable(value if isinstance(value, str) else "", request)


def delivery_key_of(given: str | None, request: InboundRequest) -> str:
    """Return this id, a hash of it if it is not usable, or without any a hash of the body."""
    if given and not _ID.fullmatch(given):
        digest = hashlib.sha256(given.encode("utf-8", "surrogatepass"))
        return f"sha256:{digest.hexdigest()}"
    return _usable(given or "", request)


def _usable(given: str, request: InboundRequest) -> str:
    if _ID.fullmatch(given):
        return given
    return f"sha256:{hashlib.sha256(request.body).hexdigest()}"
