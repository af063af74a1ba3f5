"""The validation errors of pydantic in plain words."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from signalbox.models.base import NAME_CONSTRAINTS
from signalbox.models.event_vocabulary import suggest

Loc = Sequence[int | str]
_Context = Mapping[str, object]

_QUOTED: Final = re.compile(r"'([^']*)'|\b([0-9]+)\b")
_NAME: Final = "expects a name: lower-case letters, digits, - and _, 63 at most, the first no sign"


def describe_errors(invalid: ValidationError, root: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield each place in a document of this model, such as `sources[0].name`, and its error."""
    for error in invalid.errors(include_url=False):
        loc = error["loc"]
        if error["type"] == "extra_forbidden":
            known = _keys_at(root, loc[:-1])
            hint = suggest(str(loc[-1]), known)
            yield json_path(loc), "; ".join(filter(None, (f'unknown key "{loc[-1]}"', hint)))
        else:
            yield json_path(loc), _reason(error)


def json_path(loc: Loc) -> str:
    """Return a place as text: `subscriptions[1].changes[0]`."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return path.removeprefix(".")


def _reason(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in {"literal_error", "enum"}:
        words = [a or b for a, b in _QUOTED.findall(str(context.get("expected")))]
        return f"{_shown(error['input'])} is not known; {suggest(str(error['input']), words)}"
    if kind == "string_type" and isinstance(error["input"], bool | int | float):
        return "expects a text; put it in quotes"
    if kind == "value_error":
        return str(context.get("error"))
    if kind == "string_pattern_mismatch" and context.get("pattern") == NAME_CONSTRAINTS.pattern:
        return _NAME
    describe = _REASONS.get(kind)
    if describe:
        return describe(context)
    return "does not have the form that belongs here"


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str | int | float) else "this"


def _says(text: str) -> Callable[[_Context], str]:
    """Return a function that formats a message from the context of an error."""
    return text.format_map


_REASONS: Final[Mapping[str, Callable[[_Context], str]]] = {
    "missing": _says("is required"),
    "union_tag_not_found": _says("expects the key {discriminator}"),
    "union_tag_invalid": _says('"{tag}" is not known; allowed: {expected_tags}'),
    "string_type": _says("expects a text"),
    "bool_type": _says("expects true or false"),
    "int_type": _says("expects a whole number"),
    "int_from_float": _says("expects a whole number"),
    "float_type": _says("expects a number"),
    "tuple_type": _says("expects a list"),
    "list_type": _says("expects a list"),
    "frozen_set_type": _says("expects a list"),
    "dict_type": _says("expects a mapping of keys to values"),
    "model_type": _says("expects a mapping of keys to values"),
    "model_attributes_type": _says("expects a mapping of keys to values"),
    "string_too_short": _says("expects at least {min_length} character"),
    "string_too_long": _says("expects at most {max_length} characters"),
    "too_short": _says("expects at least {min_length} item"),
    "too_long": _says("expects at most {max_length} items"),
    "string_pattern_mismatch": _says("does not have the form {pattern}"),
    "greater_than": _says("expects a number above {gt}"),
    "greater_than_equal": _says("expects a number of at least {ge}"),
    "less_than": _says("expects a number below {lt}"),
    "less_than_equal": _says("expects a number of at most {le}"),
    "finite_number": _says("expects a number that is finite"),
    "string_unicode": _says("holds a character that no text may hold"),
}


def _keys_at(model: type[BaseModel], loc: Loc) -> tuple[str, ...]:
    """Return the keys that a mapping at this place may have."""
    found: type[BaseModel] | None = model
    for step in loc:
        if isinstance(step, str) and found and step in found.model_fields:
            found = _model_in(found.model_fields[step].annotation)
    fields = found.model_fields.items() if found else ()
    return tuple(field.alias or name for name, field in fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model in an annotation such as `tuple[Source, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
