"""The pages of the API reference, made of the OpenAPI document: one for each tag, and schemas."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from pydantic import JsonValue

from cli.site.schema_tables import as_object, schema_section, table, type_of
from signalbox.models.base import JsonObject

SCHEMAS_PAGE: Final = "schemas.md"
_METHODS: Final = ("get", "put", "post", "patch", "delete", "head", "options")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    path: str
    method: str
    description: JsonObject


def openapi_pages(document: JsonObject) -> dict[str, str]:
    """Return the text of each page by its name, in the order of the navigation."""
    info = as_object(document["info"])
    tags = {str(as_object(tag)["name"]): as_object(tag) for tag in _list(document.get("tags"))}
    grouped: dict[str, list[_Operation]] = defaultdict(list)
    for operation in _operations(document):
        for tag in _list(operation.description.get("tags")):
            grouped[str(tag)].append(operation)
    pages = {f"{tag}.md": _page(tag, tags.get(tag, {}), grouped[tag]) for tag in sorted(grouped)}
    index = _index(info, {tag: str(tags.get(tag, {}).get("description", "")) for tag in grouped})
    return {"index.md": index, **pages, SCHEMAS_PAGE: _schemas(document)}


def _index(info: JsonObject, tags: Mapping[str, str]) -> str:
    lines = [f"- [{tag.capitalize()}]({tag}.md): {tags[tag]}" for tag in sorted(tags)]
    return "\n".join(
        [
            "# API reference",
            "",
            f"Version {info['version']}. {info.get('description', '')}",
            "As documents: [OpenAPI](openapi.json), [AsyncAPI](asyncapi.json).",
            "",
            *lines,
            "- [Messages of live updates](messages.md)",
            f"- [Schemas]({SCHEMAS_PAGE})",
            "",
        ]
    )


def _page(tag: str, description: JsonObject, operations: list[_Operation]) -> str:
    sections = (_section(operation) for operation in operations)
    return f"# {tag.capitalize()}\n\n{description.get('description', '')}.\n\n" + "\n".join(
        sections
    )


def _section(operation: _Operation) -> str:
    described = operation.description
    anchor = escape(str(described.get("operationId", "")))
    lines = [
        f"## {operation.method.upper()} {operation.path} {{ #{anchor} }}",
        "",
        f"{described.get('summary', '')}.",
        "",
        str(described.get("description", "")),
        "",
        _parameters(described),
        _body(described),
        _responses(described),
    ]
    return "\n".join(lines)


def _parameters(described: JsonObject) -> str:
    rows = [
        (
            f"<code>{escape(str(parameter['name']))}</code>",
            f"{parameter['in']}{', required' if parameter.get('required') else ''}",
            type_of(as_object(parameter.get("schema"))),
            escape(str(parameter.get("description", ""))),
        )
        for parameter in map(as_object, _list(described.get("parameters")))
        if "name" in parameter
    ]
    return table(("parameter", "in", "type", ""), rows) if rows else ""


def _body(described: JsonObject) -> str:
    content = as_object(as_object(described.get("requestBody")).get("content"))
    rows = [
        (f"<code>{escape(media)}</code>", type_of(as_object(as_object(of).get("schema"))))
        for media, of in content.items()
    ]
    return table(("request body", "schema"), rows) if rows else ""


def _responses(described: JsonObject) -> str:
    rows = [_response(status, as_object(of)) for status, of in _responses_of(described)]
    return table(("status", "response", "schema"), rows) if rows else ""


def _responses_of(described: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    yield from as_object(described.get("responses")).items()


def _response(status: str, response: JsonObject) -> tuple[str, str, str]:
    if reference := str(response.get("$ref", "")):
        return status, escape(reference.rpartition("/")[2]), "a problem"
    types = {
        type_of(as_object(as_object(of).get("schema")))
        for of in as_object(response.get("content")).values()
    }
    return status, escape(str(response.get("description", ""))), ", ".join(sorted(types))


def _schemas(document: JsonObject) -> str:
    schemas = as_object(as_object(document.get("components")).get("schemas"))
    sections = (schema_section(name, as_object(schemas[name])) for name in sorted(schemas))
    return "# Schemas\n\nWhat requests and responses hold.\n\n" + "\n".join(sections)


def _operations(document: JsonObject) -> Iterator[_Operation]:
    for path, item in as_object(document.get("paths")).items():
        for method, description in as_object(item).items():
            if method in _METHODS:
                yield _Operation(path=path, method=method, description=as_object(description))


def _list(value: JsonValue | None) -> list[JsonValue]:
    return value if isinstance(value, list) else []
