"""The page of the API reference about live updates, made of the AsyncAPI document."""

from html import escape
from typing import Final

from pydantic import JsonValue

from cli.site.schema_tables import as_object, schema_section, table, type_of
from signalbox.models.base import JsonObject

MESSAGES_PAGE: Final = "messages.md"


def messages_page(document: JsonObject) -> str:
    """Return a page with the messages of each operation, and their schemas."""
    components = as_object(document.get("components"))
    described = as_object(components.get("messages"))
    schemas = as_object(components.get("schemas"))
    parts = [
        "# Messages of live updates",
        str(as_object(document.get("info")).get("description", "")),
        *(_operation(as_object(of), described) for of in _values(document, "operations")),
        *(schema_section(name, as_object(schemas[name])) for name in sorted(schemas)),
    ]
    return "\n\n".join(parts).replace('"schemas.md#', '"#')


def _operation(operation: JsonObject, described: JsonObject) -> str:
    listed = operation.get("messages")
    names = [_name(as_object(one)) for one in (listed if isinstance(listed, list) else [])]
    rows = [
        (
            f"<code>{escape(name)}</code>",
            escape(str(as_object(described[name]).get("summary", ""))),
            type_of(as_object(as_object(described[name]).get("payload"))),
        )
        for name in names
    ]
    return f"## {operation.get('summary', '')}\n\n{table(('message', '', 'schema'), rows)}"


def _name(reference: JsonObject) -> str:
    return str(reference.get("$ref", "")).rpartition("/")[2]


def _values(document: JsonObject, key: str) -> list[JsonValue]:
    return list(as_object(document.get(key)).values())
