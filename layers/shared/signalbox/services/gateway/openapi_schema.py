"""Schemas of OpenAPI documents as JSON Schemas of their own.

OpenAPI 3.1 has JSON Schema 2020-12; of 3.0 what differs is translated. See
https://spec.openapis.org/oas/v3.0.4.html#schema-object.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from pydantic import JsonValue

from signalbox.models.base import JsonObject
from signalbox.models.json_schema import DATA_KEYWORDS, NAMED_SCHEMAS, subschemas

_SCHEMAS: Final = "#/components/schemas/"
_DEFINITIONS: Final = "#/$defs/"
_LIMITS: Final = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def json_schema(schema: JsonValue, schemas: Mapping[str, JsonValue]) -> JsonObject:
    """Return a schema with those of the document to which it refers."""
    root = _translated(schema)
    definitions: JsonObject = {}
    waiting = [root]
    while waiting:
        for name in _references(waiting.pop()):
            if name in schemas and name not in definitions:
                definitions[name] = _translated(schemas[name])
                waiting.append(definitions[name])
    return {"$defs": definitions, "allOf": [root]}


def pointer_steps(reference: str) -> list[str]:
    """Return the names in a reference within a document, without the escapes of its JSON pointer.

    See https://www.rfc-editor.org/rfc/rfc6901#section-6.
    """
    steps = unquote(reference.removeprefix("#/")).split("/")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _translated(node: JsonValue) -> JsonValue:
    if isinstance(node, list):
        return [_translated(item) for item in node]
    if not isinstance(node, dict):
        return node
    made: JsonObject = {key: _translated_value(key, value) for key, value in node.items()}
    reference = made.get("$ref")
    if isinstance(reference, str) and reference.startswith(_SCHEMAS):
        made["$ref"] = _DEFINITIONS + reference.removeprefix(_SCHEMAS)
    for exclusive, limit in _LIMITS.items():
        if made.get(exclusive) is True:
            made[exclusive] = made.pop(limit, None)
        elif made.get(exclusive) is False:
            del made[exclusive]
    _without_read_only(made)
    if made.pop("nullable", None) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _translated_value(keyword: str, value: JsonValue) -> JsonValue:
    if keyword in DATA_KEYWORDS:
        return value
    if keyword in NAMED_SCHEMAS and isinstance(value, dict):
        return {name: _translated(schema) for name, schema in value.items()}
    return _translated(value)


def _without_read_only(schema: JsonObject) -> None:
    """Require no property of a request that only responses have."""
    required, properties = schema.get("required"), schema.get("properties")
    if isinstance(required, list) and isinstance(properties, dict):
        read_only = {
            name
            for name, value in properties.items()
            if isinstance(value, dict) and value.get("readOnly") is True
        }
        schema["required"] = [name for name in required if name not in read_only]


def _references(node: JsonValue) -> list[str]:
    found: list[str] = []
    waiting = [node]
    while waiting:
        match waiting.pop():
            case dict() as members:
                reference = members.get("$ref")
                if isinstance(reference, str) and reference.startswith(_DEFINITIONS):
                    found.append(pointer_steps(reference)[1])
                waiting += subschemas(members)
            case list() as items:
                waiting += items
    return found
