"""Small parts of a description that all operations share."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from pydantic import JsonValue

from signalbox.http.problems import PROBLEM_JSON
from signalbox.models.base import JsonObject

_HEADERS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "The origin of the page that asks, where it is on the list",
    "ETag": "The version of what was read or written, to be sent back as If-Match",
    "Location": "Where the new thing is",
    "RateLimit": "What is left, where it was counted: `r` requests at once, one more in `t` s",
    "RateLimit-Policy": "The limit that it was counted against: `q` requests in `w` seconds",
    "Retry-After": "How many seconds to wait",
    "WWW-Authenticate": "How to authenticate",
    "X-Request-ID": "The id of the request, as it was sent or as it was made here",
}
ALWAYS: Final = ("Access-Control-Allow-Origin", "X-Request-ID")
RATE_LIMIT_HEADERS: Final = (*ALWAYS, "RateLimit", "RateLimit-Policy")
"""The headers where the request is counted against a limit."""

_BY_STATUS: Final[Mapping[int, tuple[str, ...]]] = {
    201: ("Location",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_KEPT: Final = 400 * 1024
"""Bytes of an item in DynamoDB: no text that is answered is longer, no list has more entries."""
_MOMENT: Final = len("2026-03-01T12:00:00.123456789+00:00")
_INTEGER: Final = 2**63


def problem_refs(codes: Iterable[int]) -> JsonObject:
    """Return the answers to these errors, as an operation speaks of them."""
    return {
        str(code): {"$ref": f"#/components/responses/{status_name(code)}"} for code in sorted(codes)
    }


def problem_component(code: int) -> JsonObject:
    """Return the answer to this error, whatever the operation."""
    schema: JsonObject = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        "description": HTTPStatus(code).phrase,
        "headers": header_refs(*RATE_LIMIT_HEADERS, *status_headers(code)),
        "content": {PROBLEM_JSON: schema},
    }


def status_name(code: int) -> str:
    """Return the name of the answer to an error, such as NotFound."""
    return HTTPStatus(code).phrase.title().replace(" ", "").replace("-", "")


def status_headers(code: int) -> tuple[str, ...]:
    """Return the headers that come with this status."""
    return _BY_STATUS.get(code, ())


def header_components() -> JsonObject:
    """Return every header of an answer that is described."""
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()
    }


def header_refs(*names: str) -> JsonObject:
    """Return these headers, as an answer speaks of them."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def with_bounds(value: JsonValue) -> JsonValue:
    """Return A part of a description with the bounds that its types and our stores give."""
    if isinstance(value, list):
        return [with_bounds(each) for each in value]
    if not isinstance(value, dict):
        return value
    inside = {
        name: each if name in {"default", "examples"} else with_bounds(each)
        for name, each in value.items()
    }
    return _bounds(inside) | inside


def _bounds(schema: JsonObject) -> JsonObject:
    match schema:
        case {"type": "integer"}:
            return {"format": "int64", "minimum": -_INTEGER, "maximum": _INTEGER - 1}
        case {"type": "string", "format": "date-time"}:
            return {"maxLength": _MOMENT}
        case {"type": "string"} if not schema.keys() & {"enum", "const"}:
            return {"maxLength": _KEPT}
        case {"type": "array"}:
            return {"maxItems": _KEPT}
        case _:
            return {}
