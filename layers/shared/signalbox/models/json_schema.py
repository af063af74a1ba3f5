"""Which parts of a JSON Schema are schemas, and which are data or names.

See https://json-schema.org/draft/2020-12/json-schema-core#section-10 and, for `example`,
https://spec.openapis.org/oas/v3.0.4.html#schema-object.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

DATA_KEYWORDS: Final = frozenset({"const", "default", "enum", "example", "examples"})
"""Keywords whose values are data."""

NAMED_SCHEMAS: Final = frozenset(
    {
        "$defs",
        "definitions",
        "dependencies",
        "dependentSchemas",
        "patternProperties",
        "properties",
    }
)
"""Keywords whose values are objects with a schema for each name, which may be that of a keyword."""


def subschemas(schema: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
    """Yield the values in a schema that are schemas, or lists of them."""
    for keyword, value in schema.items():
        if keyword in NAMED_SCHEMAS and isinstance(value, dict):
            yield from value.values()
        elif keyword not in DATA_KEYWORDS:
            yield value
