"""Routes, CORS, TTL and roles in the template after SAM's transform."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, Field, JsonValue

_CALLED = "/functions/${Called}/invocations"
_ANY_METHOD = "x-amazon-apigateway-any-method"


class _Integration(BaseModel):
    uri: JsonValue


class _Operation(BaseModel):
    integration: _Integration = Field(alias="x-amazon-apigateway-integration")


class GatewayCors(BaseModel):
    """The CORS configuration of API Gateway, with its defaults."""

    origins: list[str] = Field(default=[], alias="allowOrigins")
    methods: list[str] = Field(default=[], alias="allowMethods")
    headers: list[str] = Field(default=[], alias="allowHeaders")
    exposed: list[str] = Field(default=[], alias="exposeHeaders")
    max_age: int = Field(default=0, alias="maxAge")
    credentials: bool = Field(default=False, alias="allowCredentials")


class _Body(BaseModel):
    paths: dict[str, dict[str, _Operation]] = {}
    cors: GatewayCors | None = Field(default=None, alias="x-amazon-apigateway-cors")


class _TimeToLive(BaseModel):
    attribute: str = Field(alias="AttributeName")


class _Properties(BaseModel):
    body: _Body | None = Field(default=None, alias="Body")
    time_to_live: _TimeToLive | None = Field(default=None, alias="TimeToLiveSpecification")


class _Resource(BaseModel):
    kind: str = Field(alias="Type")
    properties: _Properties = Field(default=_Properties(), alias="Properties")


class _Template(BaseModel):
    resources: dict[str, _Resource] = Field(alias="Resources")


@dataclass(frozen=True, slots=True, order=True)
class GatewayRoute:
    """`key` is "POST /path", `function` a logical id."""

    key: str
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayApi:
    """An HTTP API; `name` is a logical id."""

    name: str
    routes: tuple[GatewayRoute, ...]
    cors: GatewayCors | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedTemplate:
    """The parts by logical id; `expiring` maps a table to its TTL attribute."""

    apis: tuple[GatewayApi, ...]
    expiring: dict[str, str]
    roles: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the parts of a processed template in JSON."""
        resources = _Template.model_validate_json(text).resources
        return cls(
            apis=tuple(_apis(resources)),
            expiring={
                name: resource.properties.time_to_live.attribute
                for name, resource in resources.items()
                if resource.kind == "AWS::DynamoDB::Table" and resource.properties.time_to_live
            },
            roles=tuple(
                name for name, resource in resources.items() if resource.kind == "AWS::IAM::Role"
            ),
        )


def _apis(resources: dict[str, _Resource]) -> Iterator[GatewayApi]:
    for name, resource in resources.items():
        body = resource.properties.body
        if resource.kind == "AWS::ApiGatewayV2::Api" and body:
            yield GatewayApi(name=name, routes=tuple(sorted(_routes(body))), cors=body.cors)


def _routes(body: _Body) -> Iterator[GatewayRoute]:
    for path, operations in body.paths.items():
        for verb, operation in operations.items():
            function = _invoked(operation.integration.uri)
            if not function:
                raise ValueError(f"{verb} {path} invokes something else than a function")
            method = "ANY" if verb == _ANY_METHOD else verb.upper()
            yield GatewayRoute(f"{method} {path}", function)


def _invoked(uri: JsonValue) -> str:
    """Return the logical id of the function in the address of an integration, or nothing.

    The function may have an alias, which it is called by if a condition holds.
    """
    match uri:
        case {"Fn::Sub": [str(text), {"Called": called}]} if text.endswith(_CALLED):
            match called:
                case {"Fn::If": [_, {"Ref": _}, {"Fn::GetAtt": [str(function), "Arn"]}]}:
                    return function
                case {"Fn::GetAtt": [str(function), "Arn"]}:
                    return function
    return ""
