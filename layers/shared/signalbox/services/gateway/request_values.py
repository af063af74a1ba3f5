"""Check a request against an operation of an OpenAPI document."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NoReturn
from urllib.parse import parse_qsl

from pydantic import JsonValue

from signalbox.models.errors import SourceRuleFailed
from signalbox.models.gateway_errors import RequestFault, RequestInvalid
from signalbox.models.request import media_type_of
from signalbox.services.deliveries.body_schema import BodyFault
from signalbox.services.gateway.openapi_document import ApiBody, ApiOperation, ApiParameter, is_json
from signalbox.services.gateway.request import GatewayRequest

_BAD_REQUEST: Final = 400
_UNSUPPORTED_MEDIA: Final = 415
_UNPROCESSABLE: Final = 422
_MAX_PARAMETERS: Final = 1_000
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_WORDS: Final[Mapping[str, Mapping[str, JsonValue]]] = {
    "boolean": {"true": True, "false": False},
    "null": {"null": None},
}


def check_parameters(
    operation: ApiOperation, request: GatewayRequest, path_values: Mapping[str, str]
) -> None:
    """Check the parameters of a request.

    Raises:
        RequestInvalid: One is missing or not valid, with status 400.
    """
    faults = tuple(_parameter_faults(operation.parameters, request, path_values))
    if faults:
        raise RequestInvalid("parameters are not valid", _BAD_REQUEST, faults)


def check_body(body: ApiBody, request: GatewayRequest, content: bytes) -> None:
    """Check the body of a request.

    Raises:
        RequestInvalid: It is missing or no JSON (400), of another media type (415), or does not
            keep to its schema (422).
    """
    if not content:
        if body.is_required:
            _refuse("the body is missing", _BAD_REQUEST, "/body", "required")
        return
    media = _media_type(request)
    name = next((name for name in _ranges(media) if name in body.media), None)
    if name is None:
        _refuse(
            "the media type is not taken here", _UNSUPPORTED_MEDIA, "/header/content-type", "media"
        )
    schema = body.media[name]
    if schema is None or not is_json(media):
        return
    if request.values("content-encoding"):
        _refuse(
            "a body with a coding is not taken",
            _UNSUPPORTED_MEDIA,
            "/header/content-encoding",
            "coding",
        )
    try:
        fault = schema.fault(_decoded(content))
    except SourceRuleFailed:
        _refuse("the body takes too long to check", _UNPROCESSABLE, "/body", "too_complex")
    if fault:
        pointer = "".join(f"/{_escaped(step)}" for step in ("body", *fault.path))
        _refuse("the body does not keep to its schema", _UNPROCESSABLE, pointer, fault.rule)


def _refuse(reason: str, status: int, pointer: str, code: str) -> NoReturn:
    raise RequestInvalid(reason, status, (RequestFault(pointer=pointer, code=code),)) from None


def _parameter_faults(
    parameters: Sequence[ApiParameter], request: GatewayRequest, path_values: Mapping[str, str]
) -> Iterator[RequestFault]:
    query = _query(request.query)
    for parameter in parameters:
        name, pointer = parameter.name, f"/{parameter.place}/{_escaped(parameter.name)}"
        match parameter.place:
            case "path":
                texts = [path_values[name]] if name in path_values else []
            case "query":
                texts = [value for key, value in query if key == name]
            case _:
                texts = list(request.values(name))
        if not texts:
            if parameter.is_required:
                yield RequestFault(pointer=pointer, code="required")
            continue
        if len(texts) > 1 and not (parameter.is_list and parameter.place != "path"):
            yield RequestFault(pointer=pointer, code="repeated")
            continue
        try:
            fault = _fault(parameter, texts)
        except SourceRuleFailed:
            yield RequestFault(pointer=pointer, code="too_complex")
            continue
        if fault:
            yield RequestFault(pointer=pointer, code=fault.rule)


def _query(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        _refuse("the query has too many parameters", _BAD_REQUEST, "/query", "too_many")


def _fault(parameter: ApiParameter, texts: Sequence[str]) -> BodyFault | None:
    """Return the fault of the first value that the texts may stand for, None if one has none.

    Raises:
        SourceRuleFailed: A check does not end in the number of steps.
    """
    first: BodyFault | None = None
    for value in _values(parameter, texts):
        fault = parameter.schema.fault(value)
        if fault is None:
            return None
        first = first or fault
    return first


def _values(parameter: ApiParameter, texts: Sequence[str]) -> Iterator[JsonValue]:
    """Yield the values that the texts may stand for, in the order of the types of the schema."""
    if parameter.is_list:
        is_split = not parameter.is_exploded
        items = [part.strip() for text in texts for part in text.split(",")] if is_split else texts
        types = parameter.item_types
        for start in range(len(types)):
            ordered = (*types[start:], *types[:start])
            yield [next(_conversions(item, ordered)) for item in items]
    if len(texts) == 1:
        yield from _conversions(texts[0], parameter.types)


def _conversions(text: str, types: Sequence[str]) -> Iterator[JsonValue]:
    """Yield a text as a value of each of the types that it can have."""
    for name in types:
        if name == "string":
            yield text
        elif name == "integer" and _INTEGER.fullmatch(text):
            yield int(text)
        elif name == "number" and _NUMBER.fullmatch(text):
            yield float(text)
        elif text in _WORDS.get(name, {}):
            yield _WORDS[name][text]


def _media_type(request: GatewayRequest) -> str:
    values = request.values("content-type")
    return media_type_of(values[0]) if len(values) == 1 else ""


def _ranges(media: str) -> tuple[str, ...]:
    """Return the names under which an operation may take a media type, the closest first."""
    return (media, f"{media.partition('/')[0]}/*", "*/*") if media else ()


def _decoded(content: bytes) -> JsonValue:
    """Return the value of JSON that every reader reads alike."""
    try:
        value: JsonValue = json.loads(
            content.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        _refuse("the body is no JSON, or repeats a name", _BAD_REQUEST, "/body", "json")
    return value


def _members(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands there twice")
    return members


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _escaped(step: int | str) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
