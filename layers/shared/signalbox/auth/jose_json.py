"""Strict parsing of the JSON in tokens and key sets, which is untrusted input."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from math import isfinite
from typing import Final, NoReturn

from pydantic import JsonValue

from signalbox.models.base import JsonObject

_SEGMENT: Final = re.compile(rb"[A-Za-z0-9_-]+")


def parse_object(raw: bytes) -> JsonObject:
    """Return the members of a JSON object.

    Raises:
        ValueError: It is not an object, repeats a member, or has a number that is not finite.
    """
    try:
        found = json.loads(
            raw.decode(),
            object_pairs_hook=_members,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except RecursionError:
        raise ValueError("this is nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("this is no object")  # noqa: TRY004  all that is odd here is a ValueError
    return found


def base64url_decode(segment: str) -> bytes:
    """Return the bytes of unpadded base64url, in its only canonical spelling (RFC 7515, 2).

    Raises:
        ValueError: The text is not canonical base64url.
    """
    raw = segment.encode()
    if not _SEGMENT.fullmatch(raw):
        raise ValueError("this is not base64url")
    found = urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if urlsafe_b64encode(found).rstrip(b"=") != raw:
        raise ValueError("this is another spelling of the same bytes")
    return found


def _members(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError("a number is too large")
    return number


def _no_number(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")
