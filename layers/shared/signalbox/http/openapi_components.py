"""The components that all operations of the OpenAPI document share."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, JsonValue, TypeAdapter

from signalbox.http.problems import PROBLEM_JSON
from signalbox.models.base import DEFERRED, JsonObject

_HEADERS: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Origin": "The origin of the page that asks, where it is on the list",
    "ETag": "The version of what was read or written, to be sent back as If-Match",
    "Location": "Where the new thing is",
    "RateLimit": "What is left of the limit: `r` requests at once, one more in `t` seconds",
    "RateLimit-Policy": "The limit: `q` requests in `w` seconds",
    "Retry-After": "How many seconds to wait",
    "Set-Cookie": "The session cookie, or nothing in its place",
    "WWW-Authenticate": "How to authenticate",
    "X-Request-ID": "The id of the request, as it was sent or as it was made here",
}
ALWAYS: Final = ("Access-Control-Allow-Origin", "X-Request-ID")
RATE_LIMIT_HEADERS: Final = (*ALWAYS, "RateLimit", "RateLimit-Policy")
"""The headers of responses to requests that are rate limited."""

_BY_STATUS: Final[Mapping[int, tuple[str, ...]]] = {
    201: ("Location",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_MAX_ITEM_BYTES: Final = 400 * 1024
"""The maximum size of an item in DynamoDB, which bounds every text and list in a response."""
_MAX_TIME_LENGTH: Final = len("2026-03-01T12:00:00.123456789+00:00")
_MAX_INTEGER: Final = 2**63
_json: Final = TypeAdapter[JsonObject](JsonObject, config=DEFERRED)


def problem_refs(codes: Iterable[int]) -> JsonObject:
    """Return references to the responses for these error statuses."""
    return {
        str(code): {"$ref": f"#/components/responses/{status_name(code)}"} for code in sorted(codes)
    }


def problem_component(code: int, model: str = "Problem") -> JsonObject:
    """Return the response component for an error status, with the problem of this model."""
    schema: JsonObject = {"schema": {"$ref": f"#/components/schemas/{model}"}}
    return {
        "description": HTTPStatus(code).phrase,
        "headers": header_refs(*RATE_LIMIT_HEADERS, *status_headers(code)),
        "content": {PROBLEM_JSON: schema},
    }


def response_schemas(*models: type[BaseModel]) -> JsonObject:
    """Return the schemas of these models in responses, with those that they name."""
    schemas: JsonObject = {}
    for model in models:
        schema = _json.validate_python(
            model.model_json_schema(
                mode="serialization", ref_template="#/components/schemas/{model}"
            )
        )
        schemas |= _json.validate_python(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    return schemas


def status_name(code: int) -> str:
    """Return the name of the component for an error status, such as NotFound."""
    return HTTPStatus(code).phrase.title().replace(" ", "").replace("-", "")


def status_headers(code: int) -> tuple[str, ...]:
    """Return the headers that responses with this status have."""
    return _BY_STATUS.get(code, ())


def header_components() -> JsonObject:
    """Return the components of all documented headers."""
    return {
        name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()
    }


def header_refs(*names: str) -> JsonObject:
    """Return references to these headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def with_bounds(value: JsonValue) -> JsonValue:
    """Return a part of the document with the bounds of its types and of our stores."""
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
            return {"format": "int64", "minimum": -_MAX_INTEGER, "maximum": _MAX_INTEGER - 1}
        case {"type": "string", "format": "date-time"}:
            return {"maxLength": _MAX_TIME_LENGTH}
        case {"type": "string"} if not schema.keys() & {"enum", "const"}:
            return {"maxLength": _MAX_ITEM_BYTES}
        case {"type": "array"}:
            return {"maxItems": _MAX_ITEM_BYTES}
        case _:
            return {}
