"""JSON Schema as tables of HTML, in which Markdown changes nothing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from pydantic import JsonValue

from signalbox.models.base import JsonObject

_LIMITS: Final = (
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "default",
)
_CHOICES: Final = ("anyOf", "oneOf", "allOf")


def as_object(value: JsonValue | None) -> JsonObject:
    """Return the value if it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose cells are HTML."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def schema_section(name: str, schema: JsonObject) -> str:
    """Return a heading, the description, and a table of the properties or the type."""
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    rows = [
        (
            f"<code>{escape(field)}</code>{', required' if field in names else ''}",
            type_of(as_object(of)),
            escape(str(as_object(of).get("description", ""))),
        )
        for field, of in as_object(schema.get("properties")).items()
    ]
    text = escape(str(schema.get("description", ""))).replace("*", "&#42;").replace("_", "&#95;")
    content = table(("property", "type", ""), rows) if rows else f"<p>{type_of(schema)}</p>\n"
    return f"## {name} {{ #{schema_anchor(name)} }}\n\n<p>{text}</p>\n\n{content}"


def schema_anchor(name: str) -> str:
    """Return the anchor of a schema on its page."""
    return name.lower()


def type_of(schema: JsonObject) -> str:
    """Return the type with its limits, as HTML; a named schema as a link."""
    if reference := str(schema.get("$ref", "")):
        name = reference.rpartition("/")[2]
        return f'<a href="schemas.md#{schema_anchor(name)}">{escape(name)}</a>'
    for key in _CHOICES:
        if isinstance(choices := schema.get(key), list):
            word = " and " if key == "allOf" else " or "
            return word.join(type_of(as_object(choice)) for choice in choices)
    return ", ".join([_kind(schema), *_limits(schema)])


def _kind(schema: JsonObject) -> str:
    if "const" in schema:
        return _code(schema["const"])
    if isinstance(values := schema.get("enum"), list):
        return " or ".join(map(_code, values))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"array of {type_of(as_object(schema.get('items')))}"
    if kind == "object" and (of := as_object(schema.get("additionalProperties"))):
        return f"object with values: {type_of(of)}"
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)


def _limits(schema: JsonObject) -> Iterator[str]:
    return (f"{key} {_code(schema[key])}" for key in _LIMITS if schema.get(key) is not None)


def _code(value: JsonValue) -> str:
    return (
        f"<code>{escape(value if isinstance(value, str) and value else json.dumps(value))}</code>"
    )
