"""Routes and what each of them asks of its caller. There is no route without a word on that."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel

from signalbox.http.problems import CONTENT_TYPE, Problem
from signalbox.models.errors import NotFound
from signalbox.models.principal import Principal, Scope
from signalbox.models.request import InboundRequest

OPEN: Final = None
"""In place of a scope: everybody may."""

JSON: Final = "application/json"

_PARAMETER: Final = re.compile(r"<[a-z_]+>")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})

View = Callable[..., Response[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: what it asks of its caller and what it answers.

    `answers` is the body of a good answer, `refuses` the statuses of errors that only it has.
    """

    method: str
    path: str
    scope: Scope | None
    tag: str
    summary: str
    answers: type[BaseModel] | None = None
    status: int = 200
    refuses: tuple[int, ...] = ()

    @property
    def takes_body(self) -> bool:
        """Whether a body is read."""
        return self.method in _WITH_BODY

    def responses(self) -> dict[int, OpenAPIResponse]:
        """What OpenAPI says of the answers."""
        good: OpenAPIResponse = {"description": self.summary}
        if self.answers:
            good["content"] = {JSON: {"model": self.answers}}
        codes = {400, 413, 422, 429, 500, 503, *self.refuses}
        codes |= {401, 403} if self.scope else set()
        codes |= {415} if self.takes_body else set()
        return {self.status: good} | {code: _refusal(code) for code in sorted(codes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a route may know of the call that it answers. An open route is called by nobody."""

    request: InboundRequest
    caller: Principal


class MethodUnknown(NotFound):
    """There is such a path, for other methods."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("this path does not take this method")
        self.allowed = allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Adds routes to a router, and knows which of them a request means."""

    resolver: APIGatewayHttpResolver
    all: list[tuple[re.Pattern[str], Route]] = field(default_factory=list)

    def add(self, route: Route) -> Callable[[View], View]:
        """Registers the decorated function as what answers this route."""
        self.all.append((re.compile(_PARAMETER.sub("[^/]+", route.path)), route))
        register: Callable[[View], View] = self.resolver.route(
            route.path,
            route.method,
            summary=route.summary,
            tags=[route.tag],
            responses=route.responses(),
        )
        return register

    def find(self, method: str, path: str) -> Route:
        """The route that a request means. Raises NotFound, MethodUnknown."""
        fitting = [route for pattern, route in self.all if pattern.fullmatch(path)]
        for route in fitting:
            if route.method == method:
                return route
        if fitting:
            raise MethodUnknown(sorted({route.method for route in fitting}))
        raise NotFound("there is nothing at this path")

    def call(self) -> Call:
        """The call that is being answered."""
        call: Call = self.resolver.context["call"]
        return call


def said(
    body: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """A good answer with this body."""
    return Response(
        status_code=status,
        content_type=JSON,
        body=body.model_dump_json(),
        headers=headers,
    )


def _refusal(code: int) -> OpenAPIResponse:
    return {
        "description": HTTPStatus(code).phrase,
        "content": {CONTENT_TYPE: {"model": Problem}},
    }
