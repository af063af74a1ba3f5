"""Tools as clients see them, with schemas from their routes, and their calls as requests."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, cast
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler.openapi.compat import ModelField
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import override

from signalbox.http.idempotency import IDEMPOTENCY_KEY_PATTERN
from signalbox.http.mcp.tool_table import TOOLS, Tool
from signalbox.http.mounts import ApiCall
from signalbox.http.routing import Route, Routes
from signalbox.models.base import JsonObject
from signalbox.models.frozen import frozen
from signalbox.models.ids import TASK_ID
from signalbox.models.principal import Principal

_PATH_VALUE: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
_PATTERNS: Final = {"task_id": f"^{TASK_ID}$"}


class _UntitledSchema(GenerateJsonSchema):
    """Schemas without the titles of fields, which repeat their names to a model."""

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _ResultSchema(_UntitledSchema):
    """Schemas without patterns, which clients would compile as JavaScript for nothing."""

    @override
    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        return {
            name: rule for name, rule in super().str_schema(schema).items() if name != "pattern"
        }


class ArgumentsInvalid(Exception):
    """Arguments of a tool are not valid; `errors` has the pointer and the code of each."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("the arguments are not of the form that this tool takes")
        self.errors = tuple(errors)


@frozen
class ToolCatalog:
    """The tools of an API."""

    routes: Routes
    _described: dict[str, JsonObject] = field(default_factory=dict)

    def allowed(self, caller: Principal) -> list[JsonObject]:
        """Return the descriptions of the tools that the scopes of the caller allow."""
        return [
            self._description(tool) for tool in TOOLS if self.route(tool).scope in caller.scopes
        ]

    def find(self, name: str) -> Tool | None:
        """Return the tool of this name, None if there is none."""
        return next((tool for tool in TOOLS if tool.name == name), None)

    def route(self, tool: Tool) -> Route:
        """Return the route of a tool."""
        method, _, path = tool.operation.partition(" ")
        return self.routes.declared(method, path)

    def request(self, tool: Tool, arguments: JsonObject) -> ApiCall:
        """Return the request of a call; the route itself checks the body.

        Raises:
            ArgumentsInvalid: An argument for the path, the query or a header is not valid.
        """
        route = self.route(tool)
        taken = self.routes.call_of(route).dependant
        left = dict(arguments)
        path = route.path
        for name, value in _taken(taken.path_params, left, _path_value):
            path = path.replace(f"<{name}>", value)
        query = dict(_taken(taken.query_params, left, _query_value))
        headers = {
            header: _header_value(name, left.pop(name))
            for name, header in tool.headers.items()
            if left.get(name) is not None
        }
        if not taken.body_params and left:
            raise ArgumentsInvalid([(f"/{name}", "extra_forbidden") for name in sorted(left)])
        body = json.dumps(left) if taken.body_params else ""
        return ApiCall(
            method=route.method, path=path, query=urlencode(query), body=body, headers=headers
        )

    def _description(self, tool: Tool) -> JsonObject:
        if tool.name not in self._described:
            route = self.route(tool)
            self._described[tool.name] = {
                "name": tool.name,
                "title": tool.title,
                "description": tool.description,
                "inputSchema": self._input_schema(tool, route),
                "outputSchema": _output_schema(route),
                "annotations": {"title": tool.title, **tool.annotations},
            }
        return self._described[tool.name]

    def _input_schema(self, tool: Tool, route: Route) -> JsonObject:
        taken = self.routes.call_of(route).dependant
        merged = _Schema()
        for parameter in (*taken.path_params, *taken.query_params):
            merged.add(parameter)
        for name in tool.headers:
            pattern = {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY_PATTERN}$"}
            merged.properties[name] = cast("JsonObject", pattern)
        for body in taken.body_params:
            merged.merge(_schema_of(body.type_))
        return merged.document()


@dataclass(slots=True)
class _Schema:
    """The schema of an object that is put together from several."""

    properties: JsonObject = field(default_factory=dict)
    required: list[JsonValue] = field(default_factory=list)
    definitions: JsonObject = field(default_factory=dict)

    def add(self, parameter: ModelField) -> None:
        schema = _adapter(parameter).json_schema(schema_generator=_UntitledSchema)
        self.definitions.update(schema.pop("$defs", {}))
        if parameter.alias in _PATTERNS:
            schema["pattern"] = _PATTERNS[parameter.alias]
        self.properties[parameter.alias] = _without_null(schema)
        if parameter.required:
            self.required.append(parameter.alias)

    def merge(self, schema: JsonObject) -> None:
        self.definitions.update(cast("JsonObject", schema.get("$defs", {})))
        self.properties.update(cast("JsonObject", schema["properties"]))
        self.required.extend(cast("list[JsonValue]", schema.get("required", [])))

    def document(self) -> JsonObject:
        document: JsonObject = {
            "type": "object",
            "properties": self.properties,
            "additionalProperties": False,
        }
        if self.required:
            document["required"] = self.required
        if self.definitions:
            document["$defs"] = self.definitions
        return document


def _output_schema(route: Route) -> JsonObject:
    model = route.response_model
    return (
        cast(
            "JsonObject",
            model.model_json_schema(mode="serialization", schema_generator=_ResultSchema),
        )
        if model
        else {}
    )


def _schema_of(model: type[BaseModel]) -> JsonObject:
    return cast("JsonObject", model.model_json_schema(schema_generator=_UntitledSchema))


def _without_null(schema: JsonObject) -> JsonObject:
    """Return the schema of a parameter that is left out and never null."""
    match schema.get("anyOf"):
        case [dict() as real, {"type": "null"}]:
            described = {name: schema[name] for name in ("description", "title") if name in schema}
            return {**real, **described}
    return schema


def _adapter(parameter: ModelField) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[parameter.type_, parameter.field_info])


def _taken(
    parameters: Sequence[ModelField],
    arguments: JsonObject,
    encode: Callable[[str, JsonValue], str],
) -> Iterator[tuple[str, str]]:
    """Yield what the arguments say of these parameters, and take it from the arguments."""
    for parameter in parameters:
        name = parameter.alias
        value = arguments.pop(name, None)
        if value is None:
            if parameter.required:
                raise ArgumentsInvalid([(f"/{name}", "missing")])
            continue
        try:
            _adapter(parameter).validate_json(json.dumps(value), strict=True)
        except ValidationError as invalid:
            raise ArgumentsInvalid(
                [(_pointer(name, error["loc"]), error["type"]) for error in invalid.errors()]
            ) from None
        yield name, encode(name, value)


def _pointer(name: str, loc: Sequence[object]) -> str:
    return "".join(f"/{part}" for part in (name, *loc))


def _path_value(name: str, value: JsonValue) -> str:
    """Return a part of a path; nothing in it can lead to another one."""
    if not isinstance(value, str) or not re.fullmatch(_PATH_VALUE, value):
        raise ArgumentsInvalid([(f"/{name}", "string_pattern_mismatch")])
    return value


def _query_value(_: str, value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _header_value(name: str, value: JsonValue) -> str:
    if not isinstance(value, str) or not re.fullmatch(IDEMPOTENCY_KEY_PATTERN, value):
        raise ArgumentsInvalid([(f"/{name}", "string_pattern_mismatch")])
    return value
