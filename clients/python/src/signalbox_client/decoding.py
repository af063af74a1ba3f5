"""Turn the JSON of a response into the values of `models`."""

import dataclasses
import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from signalbox_client.errors import UnexpectedResponse

T = TypeVar("T")

_SCALARS: Final = (str, int, bool)
_Convert = Callable[[object], object]


def decode(kind: type[T], data: object) -> T:
    """Return the value that parsed JSON describes; members that are not known are ignored.

    Raises:
        UnexpectedResponse: The JSON does not describe one.
    """
    value = _converter(cast("Hashable", kind))(data)
    if not isinstance(value, kind):
        raise UnexpectedResponse(f"the response is not a {kind.__name__}")
    return value


@cache
def _converter(hint: Hashable) -> _Convert:
    """Return what converts JSON to the type of an annotation."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _object_of(hint)
    if isinstance(hint, type) and hint in _SCALARS:
        return _scalar(hint)
    if hint is datetime:
        return _time
    return _generic(get_origin(hint), get_args(hint))


def _generic(origin: object, arguments: Sequence[Hashable]) -> _Convert:
    """Return what converts JSON to a type with arguments, such as a union."""
    if origin in {Union, types.UnionType}:
        return _optional(_converter(arguments[0]))
    if origin is tuple:
        return _tuple_of(_converter(arguments[0]))
    if origin is Mapping:
        return _mapping_of(_converter(arguments[1]))
    return _scalar(str) if origin is Literal else _as_is


def _as_is(data: object) -> object:
    return data


def _optional(convert: _Convert) -> _Convert:
    return lambda data: None if data is None else convert(data)


def _scalar(kind: type) -> _Convert:
    def convert(data: object) -> object:
        if type(data) is not kind:
            raise UnexpectedResponse(f"{kind.__name__} expected, not {type(data).__name__}")
        return data

    return convert


def _time(data: object) -> object:
    try:
        return datetime.fromisoformat(str(data))
    except ValueError:
        raise UnexpectedResponse("a time expected") from None


def _tuple_of(convert: _Convert) -> _Convert:
    def convert_all(data: object) -> object:
        if not isinstance(data, list):
            raise UnexpectedResponse(f"a list expected, not {type(data).__name__}")
        return tuple(convert(item) for item in data)

    return convert_all


def _mapping_of(convert: _Convert) -> _Convert:
    def convert_all(data: object) -> object:
        if not isinstance(data, dict):
            raise UnexpectedResponse(f"an object expected, not {type(data).__name__}")
        return {name: convert(item) for name, item in data.items()}

    return convert_all


def _object_of(kind: type) -> _Convert:
    hints = get_type_hints(kind)
    fields = {
        field.name: (_converter(hints[field.name]), _is_required(field))
        for field in dataclasses.fields(kind)
    }

    def convert(data: object) -> object:
        if not isinstance(data, dict):
            raise UnexpectedResponse(f"{kind.__name__} expected, not {type(data).__name__}")
        missing = [name for name, (_, required) in fields.items() if required and name not in data]
        if missing:
            raise UnexpectedResponse(f"{kind.__name__} has no {missing[0]}")
        return kind(**{name: fields[name][0](data[name]) for name in fields if name in data})

    return convert


def _is_required(field: "dataclasses.Field[object]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing
