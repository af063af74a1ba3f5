"""Create, read, update and delete resources of the configuration.

The ETag of a resource is a hash of its content. A change must name the ETag of the stored resource,
so that concurrent changes are not lost.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from hashlib import sha256
from inspect import Parameter, Signature
from typing import Annotated, Final, Generic, TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from pydantic import BeforeValidator, JsonValue

from signalbox.http.pagination import IdPath
from signalbox.http.preconditions import parse_etags
from signalbox.http.routing import RequestContext, Route, RouteHandler, Routes, json_response
from signalbox.models.base import Model
from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import Conflict, PreconditionFailed, PreconditionRequired
from signalbox.models.frozen import frozen
from signalbox.models.principal import Scope

M = TypeVar("M", bound=Model)
R = TypeVar("R", bound=ConfigResource)

Precondition = Callable[[Model | None], None]
"""A check of the stored resource, None if there is none, which raises if it does not hold."""

_ANY: Final = "*"

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag of the resource, or *")
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="An ETag; * where there must be none")
]

_IF_MATCH: Final = Parameter("if_match", Parameter.KEYWORD_ONLY, annotation=IfMatch, default=None)
_IF_NONE_MATCH: Final = Parameter(
    "if_none_match", Parameter.KEYWORD_ONLY, annotation=IfNoneMatch, default=None
)


def json_body(model: type[Model]) -> object:
    """Return the type of a body that is this model."""
    return Annotated[model, as_json(model), Body()]


def as_json(model: type[M]) -> BeforeValidator:
    """Let a strict model be validated from JSON values: lists, texts."""

    def read(value: JsonValue) -> M:
        return model.model_validate_json(json.dumps(value))

    return BeforeValidator(read)


def precondition_check(if_match: str | None, if_none_match: str | None) -> Precondition:
    """Return a check of the stored resource against the headers.

    It raises PreconditionFailed if they do not match, PreconditionRequired if an existing resource
    is changed without a precondition, and PayloadInvalid if a header is malformed.
    """

    def check(stored: Model | None) -> None:
        if stored is None:
            if if_match is not None:
                raise PreconditionFailed("there is no such thing")
            return
        if if_none_match is not None and etag_matches(stored, if_none_match):
            raise PreconditionFailed("there is such a thing already")
        if if_match is None:
            raise PreconditionRequired("this changes what is there: it needs If-Match, its ETag")
        if if_match.strip() != _ANY and etag_value(stored) not in parse_etags(if_match, weak=False):
            raise PreconditionFailed("it is no longer what its ETag says")

    return check


def etag_matches(resource: Model, if_none_match: str) -> bool:
    """Return whether an If-None-Match header has the ETag of the resource.

    Raises:
        PayloadInvalid: The header is malformed.
    """
    return if_none_match.strip() == _ANY or etag_value(resource) in parse_etags(
        if_none_match, weak=True
    )


def etag_value(resource: Model) -> str:
    """Return the ETag of the resource, without its quotes."""
    return sha256(resource.model_dump_json().encode()).hexdigest()[:20]


def resource_response(
    resource: Model,
    if_none_match: str | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """Return the response with a resource, or 304 if the client has it."""
    tag = {"etag": f'"{etag_value(resource)}"'}
    if if_none_match is not None and etag_matches(resource, if_none_match):
        return Response(status_code=304, body="", headers=tag)
    return json_response(resource, status, tag | dict(headers or {}))


def put_response(resource: Model, call: RequestContext, *, new: bool) -> Response[str]:
    """Return the response with a resource that was created or updated."""
    headers = {"location": call.request.path} if new else {}
    return resource_response(resource, status=201 if new else 200, headers=headers)


def no_content() -> Response[str]:
    """Return a response without a body."""
    return Response(status_code=204, body="")


def list_route(path: str, tag: str, scope: Scope, summary: str, answers: type[Model]) -> Route:
    """Return the route of a list."""
    return Route(
        method="GET", path=path, scope=scope, tag=tag, summary=summary, response_model=answers
    )


def get_route(path: str, tag: str, scope: Scope, summary: str, answers: type[Model]) -> Route:
    """Return the route that gets one resource."""
    return Route(
        method="GET",
        path=path,
        scope=scope,
        tag=tag,
        summary=summary,
        response_model=answers,
        empty_responses=(304,),
        problems=(404,),
    )


def put_route(path: str, tag: str, scope: Scope, summary: str, answers: type[Model]) -> Route:
    """Return the route that creates or replaces one resource."""
    return Route(
        method="PUT",
        path=path,
        scope=scope,
        tag=tag,
        summary=summary,
        response_model=answers,
        creates=True,
        problems=(409, 412, 428),
    )


def delete_route(path: str, tag: str, scope: Scope, summary: str) -> Route:
    """Return the route that deletes one resource."""
    return Route(
        method="DELETE",
        path=path,
        scope=scope,
        tag=tag,
        summary=summary,
        status=204,
        problems=(404, 409, 412, 428),
    )


@frozen
class Crud(Generic[R]):
    """The operations on one kind of resource.

    Attributes:
        kind: The model of the resource.
        path: The path of one resource, whose last part is its key: `/api/v1/roles/<name>`.
        list_model: The model of the list.
        tag: The tag in the OpenAPI document.
        read: The scope for reading.
        write: The scope for writing.
        all: Return the list of all resources.
        get: Return a resource by its key, or raise NotFound.
        put: Store a resource after a check, and return whether it is new.
        remove: Remove a resource after a check.
        summaries: Summaries in the OpenAPI document that differ from the usual ones.
    """

    kind: type[R]
    path: str
    list_model: type[Model]
    tag: str
    read: Scope
    write: Scope
    all: Callable[[], Model]
    get: Callable[[str], R]
    put: Callable[[R, RequestContext, Precondition], bool]
    remove: Callable[[R, Precondition], None]
    summaries: Mapping[str, str] = field(default_factory=dict)

    @property
    def collection(self) -> str:
        """Return the path of the list."""
        return self.path.partition("/<")[0]

    def summary(self, operation: str, usual: str) -> str:
        """Return the summary of an operation."""
        return self.summaries.get(operation, usual)


def add_crud(routes: Routes, crud: Crud[R]) -> None:
    """Add the routes that list, get, put and delete the resources of one kind."""
    noun = crud.kind.kind
    keys = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=IdPath)
        for name in re.findall(r"<(\w+)>", crud.path)
    ]

    @routes.add(
        list_route(
            crud.collection,
            crud.tag,
            crud.read,
            crud.summary("list", f"List the {noun}s"),
            crud.list_model,
        )
    )
    @_signature(f"list_{noun}s", [])
    def list_resources() -> Response[str]:
        return json_response(crud.all())

    @routes.add(
        get_route(crud.path, crud.tag, crud.read, crud.summary("get", f"Get a {noun}"), crud.kind)
    )
    @_signature(f"show_{noun}", [*keys, _IF_NONE_MATCH])
    def get_resource(*, if_none_match: str | None = None, **path: str) -> Response[str]:
        return resource_response(crud.get("/".join(path.values())), if_none_match)

    body = Parameter("body", Parameter.KEYWORD_ONLY, annotation=json_body(crud.kind))

    @routes.add(
        put_route(
            crud.path,
            crud.tag,
            crud.write,
            crud.summary("put", f"Create or replace a {noun}"),
            crud.kind,
        )
    )
    @_signature(f"put_{noun}", [*keys, body, _IF_MATCH, _IF_NONE_MATCH])
    def put_resource(
        *, body: R, if_match: str | None = None, if_none_match: str | None = None, **path: str
    ) -> Response[str]:
        if body.key != "/".join(path.values()):
            raise Conflict(f"the body names another {noun} than the path")
        context = routes.call()
        new = crud.put(body, context, precondition_check(if_match, if_none_match))
        return put_response(body, context, new=new)

    @routes.add(
        delete_route(crud.path, crud.tag, crud.write, crud.summary("delete", f"Delete a {noun}"))
    )
    @_signature(f"remove_{noun}", [*keys, _IF_MATCH])
    def delete_resource(*, if_match: str | None = None, **path: str) -> Response[str]:
        resource = crud.get("/".join(path.values()))
        crud.remove(resource, precondition_check(if_match, None))
        return no_content()


def _signature(
    name: str, parameters: Sequence[Parameter]
) -> Callable[[RouteHandler], RouteHandler]:
    """Return a decorator that gives a handler the name and the parameters of one kind.

    The router reads both: the name becomes the operation id.
    """

    def decorate(handler: RouteHandler) -> RouteHandler:
        handler.__name__ = name
        handler.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it
        return handler

    return decorate
