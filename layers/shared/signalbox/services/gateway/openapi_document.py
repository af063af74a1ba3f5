"""The operations of an OpenAPI 3 document, and which one a request is for."""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from pydantic import JsonValue

from signalbox.models.base import JsonObject
from signalbox.models.frozen import frozen
from signalbox.models.request import media_type_of
from signalbox.services.deliveries.body_schema import BodySchema, BodySchemaInvalid
from signalbox.services.gateway.openapi_schema import json_schema, pointer_steps

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_STYLES: Final = {"path": "simple", "query": "form", "header": "simple"}
_IGNORED_HEADERS: Final = frozenset({"accept", "authorization", "content-type"})
_MAX_REFERENCES: Final = 10
"""References of references that are followed."""

_COMBINATIONS: Final = ("allOf", "anyOf", "oneOf")
_COMPOSITE: Final = ("array", "object")

_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")

_Pattern = tuple[tuple[re.Pattern[str], str | None], ...]


class ApiDocumentInvalid(ValueError):
    """A document cannot be used; the message says where and why."""


@frozen
class ApiParameter:
    """A parameter of a request: its place, name and schema; `is_list` if it may be a list.

    `types` are those that a value may have and `item_types` those of an item of a list, in the
    order of the schema; `string` is always among them, since any value arrives as a text.
    """

    place: str
    name: str
    is_required: bool
    is_list: bool
    is_exploded: bool
    types: tuple[str, ...]
    item_types: tuple[str, ...]
    schema: BodySchema


@frozen
class ApiBody:
    """The body of a request: its schemas by media type, None where any content is right."""

    is_required: bool
    media: Mapping[str, BodySchema | None]


@frozen
class ApiOperation:
    """What one method of a path takes."""

    parameters: tuple[ApiParameter, ...]
    body: ApiBody | None


class ApiDocument:
    """A document. Its operations are read when they are first asked for."""

    def __init__(self, document: JsonObject, base_path: str = "") -> None:
        """Read the paths.

        Raises:
            ApiDocumentInvalid: It is not OpenAPI 3, or has no paths.
        """
        version = document.get("openapi")
        if not isinstance(version, str) or not version.startswith(("3.0", "3.1")):
            raise ApiDocumentInvalid("openapi is neither 3.0 nor 3.1")
        self._document = document
        self._base = base_path
        paths = _object(document.get("paths"), "paths")
        if not paths:
            raise ApiDocumentInvalid("paths is empty")
        # those without parameters win, as OpenAPI says
        ordered = sorted(paths, key=lambda path: [part.count("{") for part in path.split("/")])
        self._paths = [(_pattern(path), path) for path in ordered]
        self._operations: dict[tuple[str, str], ApiOperation | None] = {}

    def find(self, method: str, path: str) -> tuple[ApiOperation, Mapping[str, str]] | None:
        """Return the operation of a request and its parameters in the path, None if there is none.

        Raises:
            ApiDocumentInvalid: The operation is not valid.
        """
        if not path.startswith(f"{self._base}/") and path != self._base:
            return None
        plain = tuple(unquote(part) for part in path[len(self._base) :].split("/"))
        for pattern, name in self._paths:
            values = _matched(pattern, plain)
            if values is not None:
                operation = self.operation(name, method)
                return None if operation is None else (operation, values)
        return None

    def operation(self, path: str, method: str) -> ApiOperation | None:
        """Return an operation, None if there is none; HEAD is GET where it has none of its own.

        Raises:
            ApiDocumentInvalid: It is not valid.
        """
        key = (path, method.lower())
        if key not in self._operations:
            item = self._item(path)
            name = "get" if key[1] == "head" and "head" not in item else key[1]
            is_there = name in _METHODS and name in item
            self._operations[key] = self._read(path, name, item) if is_there else None
        return self._operations[key]

    def check(self) -> None:
        """Read every operation.

        Raises:
            ApiDocumentInvalid: One is not valid.
        """
        for _, path in self._paths:
            for method in _METHODS:
                self.operation(path, method)

    def _item(self, path: str) -> JsonObject:
        return self._resolved(_object(self._document["paths"], "paths")[path], f"paths.{path}")

    def _read(self, path: str, method: str, item: JsonObject) -> ApiOperation:
        where = f"paths.{path}.{method}"
        operation = _object(item[method], where)
        parameters: dict[tuple[str, str], ApiParameter] = {}
        for owner in (item, operation):
            for index, node in enumerate(_list(owner.get("parameters", []), where)):
                place = f"{where}.parameters[{index}]"
                parameter = self._parameter(self._resolved(node, place), place)
                if parameter:
                    parameters[parameter.place, parameter.name] = parameter
        node = operation.get("requestBody")
        body = None if node is None else self._body(self._resolved(node, where), where)
        return ApiOperation(parameters=tuple(parameters.values()), body=body)

    def _parameter(self, node: JsonObject, where: str) -> ApiParameter | None:
        place, name = node.get("in"), node.get("name")
        if not isinstance(name, str) or not isinstance(place, str):
            raise ApiDocumentInvalid(f"{where}: has no name or no place")
        ignored = place == "header" and name.lower() in _IGNORED_HEADERS
        if place == "cookie" or ignored:
            return None
        style = node.get("style", _STYLES.get(place))
        if place not in _STYLES or style != _STYLES[place] or "schema" not in node:
            raise ApiDocumentInvalid(f"{where}: only a schema with the usual style can be checked")
        schema = self._followed(node["schema"])
        items = _types(self._followed(schema.get("items")))
        if "object" in (*_types(schema), *items) or "array" in items:
            raise ApiDocumentInvalid(f"{where}: a parameter that is an object cannot be checked")
        parts = self._combined([node["schema"]])
        lists = [part["items"] for part in parts if "items" in part]
        return ApiParameter(
            place=place,
            name=name.lower() if place == "header" else name,
            is_required=place == "path" or node.get("required") is True,
            is_list=any("array" in _types(part) for part in parts),
            is_exploded=place == "query" and node.get("explode", True) is True,
            types=_text_types(parts),
            item_types=_text_types(self._combined(lists)),
            schema=self._schema(node["schema"], where),
        )

    def _body(self, node: JsonObject, where: str) -> ApiBody:
        media: dict[str, BodySchema | None] = {}
        for name, content in _object(node.get("content"), f"{where}.requestBody.content").items():
            schema = _object(content, where).get("schema")
            checked = None if schema is None or not is_json(name) else self._schema(schema, where)
            media[media_type_of(name)] = checked
        return ApiBody(is_required=node.get("required") is True, media=media)

    def _schema(self, schema: JsonValue, where: str) -> BodySchema:
        schemas = _object(self._components("schemas"), "components.schemas")
        try:
            return BodySchema(json_schema(schema, schemas))
        except (BodySchemaInvalid, RecursionError) as invalid:
            raise ApiDocumentInvalid(f"{where}: {invalid}") from None

    def _followed(self, schema: JsonValue) -> JsonObject:
        """Return a schema, or that to which it refers, empty if there is none."""
        found = schema
        for _ in range(_MAX_REFERENCES):
            reference = found.get("$ref") if isinstance(found, dict) else None
            if not isinstance(reference, str):
                break
            found = self._document
            for name in pointer_steps(reference):
                found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _combined(self, schemas: Sequence[JsonValue]) -> list[JsonObject]:
        """Return schemas and those that they combine, each once, with references followed."""
        parts: dict[int, JsonObject] = {}
        waiting = deque(schemas)
        while waiting:
            part = self._followed(waiting.popleft())
            if id(part) not in parts:
                parts[id(part)] = part
                members = (part.get(keyword) for keyword in _COMBINATIONS)
                waiting.extend(each for some in members if isinstance(some, list) for each in some)
        return list(parts.values())

    def _resolved(self, node: JsonValue, where: str) -> JsonObject:
        """Return an object, or that in the components to which it refers."""
        found = _object(node, where)
        reference = found.get("$ref")
        if reference is None:
            return found
        kind, _, name = str(reference).removeprefix("#/components/").partition("/")
        components = _object(self._components(kind), where)
        if not str(reference).startswith("#/components/") or name not in components:
            raise ApiDocumentInvalid(f"{where}: refers to {reference}, which is not there")
        return _object(components[name], where)

    def _components(self, kind: str) -> JsonValue:
        return _object(self._document.get("components", {}), "components").get(kind, {})


def is_json(media: str) -> bool:
    """Return whether a media type is JSON."""
    kind = media_type_of(media)
    return kind == "application/json" or kind.endswith("+json")


def _types(schema: JsonObject) -> tuple[str, ...]:
    types = schema.get("type", [])
    return tuple(str(each) for each in types) if isinstance(types, list) else (str(types),)


def _text_types(schemas: Sequence[JsonObject]) -> tuple[str, ...]:
    """Return the types that one text may be of."""
    types = dict.fromkeys(kind for schema in schemas for kind in _types(schema))
    return tuple(dict.fromkeys((*(kind for kind in types if kind not in _COMPOSITE), "string")))


def _object(node: JsonValue, where: str) -> JsonObject:
    if not isinstance(node, dict):
        raise ApiDocumentInvalid(f"{where}: is no object")
    return node


def _list(node: JsonValue, where: str) -> list[JsonValue]:
    if not isinstance(node, list):
        raise ApiDocumentInvalid(f"{where}: is no list")
    return node


def _pattern(path: str) -> _Pattern:
    if not path.startswith("/"):
        raise ApiDocumentInvalid(f"paths.{path}: does not begin with a slash")
    return tuple(_segment(part) for part in path.split("/"))


def _segment(part: str) -> tuple[re.Pattern[str], str | None]:
    """Return the expression of a segment, and the name of its parameter, which is not empty."""
    before, *names = _PARAMETER.split(part)
    if len(names) > len(("name", "after")):
        raise ApiDocumentInvalid(f"the segment {part} has several parameters")
    if not names:
        return re.compile(re.escape(before)), None
    name, after = names
    return re.compile(f"{re.escape(before)}(.+){re.escape(after)}", re.DOTALL), name


def _matched(pattern: _Pattern, plain: tuple[str, ...]) -> Mapping[str, str] | None:
    """Return the parameters of a path, None if it is not of the pattern."""
    if len(pattern) != len(plain):
        return None
    values: dict[str, str] = {}
    for (expression, name), text in zip(pattern, plain, strict=True):
        found = expression.fullmatch(text)
        if found is None:
            return None
        if name is not None:
            values[name] = found[1]
    return values
