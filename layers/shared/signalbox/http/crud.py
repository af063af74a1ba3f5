"""Create, read, update and delete resources of the configuration.

The ETag of a resource is a hash of its content. A change must name the ETag of the stored resource,
so that concurrent changes are not lost.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Annotated, Final, TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import BeforeValidator, JsonValue

from signalbox.http.preconditions import parse_etags
from signalbox.http.routing import RequestContext, Route, json_response
from signalbox.models.base import Model
from signalbox.models.errors import PreconditionFailed, PreconditionRequired
from signalbox.models.principal import Scope

M = TypeVar("M", bound=Model)

_ANY: Final = "*"

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag of the resource, or *")
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="An ETag; * where there must be none")
]


def as_json(model: type[M]) -> BeforeValidator:
    """Let a strict model be validated from JSON values: lists, texts."""

    def read(value: JsonValue) -> M:
        return model.model_validate_json(json.dumps(value))

    return BeforeValidator(read)


def precondition_check(
    if_match: str | None, if_none_match: str | None
) -> Callable[[Model | None], None]:
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
