"""What the routes of the configuration have in common.

A thing's ETag is a hash of what it says. A change names the ETag of what it changes, so that nobody
overwrites what somebody else has just written; a thing that is not there yet has none to name.
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

IfMatch = Annotated[str | None, Header(alias="If-Match", description="The thing's ETag, or *")]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="An ETag; * where there must be none")
]


def as_json(model: type[M]) -> BeforeValidator:
    """Let a strict model be read from values as JSON has them: lists, texts."""

    def read(value: JsonValue) -> M:
        return model.model_validate_json(json.dumps(value))

    return BeforeValidator(read)


def precondition_check(
    if_match: str | None, if_none_match: str | None
) -> Callable[[Model | None], None]:
    """Return A check of what is stored against what the caller says of it.

    Raises:
        PreconditionFailed: If that is wrong.
        PreconditionRequired: If the caller changes something without saying what.
        PayloadInvalid: If a header is malformed.
    """

    def check(kept: Model | None) -> None:
        if kept is None:
            if if_match is not None:
                raise PreconditionFailed("there is no such thing")
            return
        if if_none_match is not None and etag_matches(kept, if_none_match):
            raise PreconditionFailed("there is such a thing already")
        if if_match is None:
            raise PreconditionRequired("this changes what is there: it needs If-Match, its ETag")
        if if_match.strip() != _ANY and etag_value(kept) not in parse_etags(if_match, weak=False):
            raise PreconditionFailed("it is no longer what its ETag says")

    return check


def etag_matches(thing: Model, if_none_match: str) -> bool:
    """Return whether an If-None-Match names the thing as it is.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return if_none_match.strip() == _ANY or etag_value(thing) in parse_etags(
        if_none_match, weak=True
    )


def etag_value(thing: Model) -> str:
    """Return the thing's ETag without its quotes."""
    return sha256(thing.model_dump_json().encode()).hexdigest()[:20]


def resource_response(
    thing: Model,
    if_none_match: str | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """Return the answer that shows a thing, or says that the caller has it as it is."""
    tag = {"etag": f'"{etag_value(thing)}"'}
    if if_none_match is not None and etag_matches(thing, if_none_match):
        return Response(status_code=304, body="", headers=tag)
    return json_response(thing, status, tag | dict(headers or {}))


def put_response(thing: Model, call: RequestContext, *, new: bool) -> Response[str]:
    """Return the answer that shows a thing that was made or changed."""
    headers = {"location": call.request.path} if new else {}
    return resource_response(thing, status=201 if new else 200, headers=headers)


def no_content() -> Response[str]:
    """Return the answer that has no body."""
    return Response(status_code=204, body="")


def list_route(path: str, tag: str, scope: Scope, summary: str, answers: type[Model]) -> Route:
    """Return the route of a whole list."""
    return Route(
        method="GET", path=path, scope=scope, tag=tag, summary=summary, response_model=answers
    )


def get_route(path: str, tag: str, scope: Scope, summary: str, answers: type[Model]) -> Route:
    """Return the route of one thing."""
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
    """Return the route that makes one thing, or changes it."""
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
    """Return the route that removes one thing."""
    return Route(
        method="DELETE",
        path=path,
        scope=scope,
        tag=tag,
        summary=summary,
        status=204,
        problems=(404, 409, 412, 428),
    )
