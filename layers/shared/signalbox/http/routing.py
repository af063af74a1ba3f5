"""Routes, each with the scope that it needs. There is no route without a decision on its scope."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from itertools import zip_longest
from threading import Lock
from typing import Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from pydantic import BaseModel
from pydantic_core import to_json

from signalbox.http.problems import PROBLEM_JSON
from signalbox.http.route_call import RouteCall
from signalbox.http.schemas.problems import Problem
from signalbox.models.base import JsonObject
from signalbox.models.errors import NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import TASK_ID, TaskId
from signalbox.models.principal import Principal, Scope
from signalbox.models.request import InboundRequest

OPEN: Final = None
"""The scope of routes that anybody may call."""

APPLICATION_JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
MCP: Final = "/mcp"
PROTECTED_RESOURCE: Final = "/.well-known/oauth-protected-resource"

_API: Final = "/api/v1/"
_PARAMETER: Final = re.compile(r"<[a-z_]+>")
_FORMS: Final = {"<task_id>": TASK_ID}
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

RouteHandler = Callable[..., Response[str]]


@frozen
class Route:
    """An operation of the API.

    `response_model` is the body of a successful response, `problems` are the error statuses that
    only this route has, `empty_responses` the successful statuses without a body, `also` other
    statuses with the same body. A route that `streams` can also answer with an event stream; one
    that is `unlimited` is not rate limited; one that `creates` answers 201 for a new resource.
    `text` is the media type of a response that is not JSON, `more` an addition to its description.
    A route without a scope may be for any caller that is `authenticated`.
    A `heartbeat` is recorded in the audit log only when it changes more than a time; the parameter
    `audited_query` of the query is part of what a route changes.
    """

    method: str
    path: str
    scope: Scope | None
    tag: str
    summary: str
    response_model: type[BaseModel] | None = None
    status: int = 200
    problems: tuple[int, ...] = ()
    empty_responses: tuple[int, ...] = ()
    also: tuple[int, ...] = ()
    streams: bool = False
    unlimited: bool = False
    text: str | None = None
    creates: bool = False
    heartbeat: bool = False
    authenticated: bool = False
    audited_query: str = ""
    more: str = ""

    @property
    def template(self) -> str:
        """Return the path in OpenAPI's form."""
        return self.path.replace("<", "{").replace(">", "}")

    @property
    def needs_credentials(self) -> bool:
        """Return whether callers are authenticated."""
        return self.scope is not None or self.authenticated

    @property
    def accepts_raw_output(self) -> bool:
        """Return whether the body may contain the raw output of programs."""
        return self.scope is Scope.TASKS_WORK

    @property
    def media_types(self) -> tuple[str, ...]:
        """Return the media types of successful responses."""
        if self.text:
            return (self.text.partition(";")[0],)
        return (APPLICATION_JSON, EVENT_STREAM) if self.streams else (APPLICATION_JSON,)

    @property
    def audited(self) -> bool:
        """Return whether calls are recorded in the audit log: all changes but those by workers."""
        return self.method in _CHANGING and self.scope is not Scope.TASKS_WORK

    def responses(self) -> dict[int, OpenAPIResponse]:
        """Return the responses for OpenAPI."""
        good: OpenAPIResponse = {"description": self.summary}
        if self.response_model:
            good["content"] = {APPLICATION_JSON: {"model": self.response_model}}
            if self.streams:
                good["content"][EVENT_STREAM] = {"schema": {"type": "string"}}
        elif self.text:
            kind = "object" if self.text == APPLICATION_JSON else "string"
            good["content"] = {self.media_types[0]: {"schema": {"type": kind}}}
        codes = {400, 406, 413, 415, 422, 429, 500, 503, *self.problems}
        codes |= {401, 403} if self.needs_credentials else set()
        codes -= set(self.also)
        bare: dict[int, OpenAPIResponse] = {
            code: {"description": HTTPStatus(code).phrase} for code in self.empty_responses
        }
        bare |= dict.fromkeys(self.also, good)
        if self.creates:
            bare[201] = good
        return {self.status: good} | bare | {code: _refusal(code) for code in sorted(codes)}


@dataclass(slots=True)
class RequestEffect:
    """What a route did, for the log and the audit log.

    `changed` states of a heartbeat whether it changed more than a time. `claimed` is a task that
    was claimed.
    """

    changed: bool = False
    claimed: TaskId | None = None


@frozen
class RequestContext:
    """What a route knows of the current request. The caller of an open route is anonymous.

    A route that claims a task, or takes heartbeats, sets its `effect`.
    """

    request: InboundRequest
    route: Route
    caller: Principal
    effect: RequestEffect = field(default_factory=RequestEffect)


class MethodNotAllowed(NotFound):
    """The path exists, for other methods."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("this path does not take this method")
        self.allowed = allowed


@frozen
class _LaterRoutes:
    """What adds the routes of some resources."""

    resources: frozenset[str]
    add: Callable[[], None]


@frozen
class Routes:
    """The routes of a router. `added` are those that are there, `all` has those still to come."""

    resolver: APIGatewayHttpResolver
    external: list[tuple[str, str]] = field(default_factory=list)
    added: list[Route] = field(default_factory=list)
    _later: list[_LaterRoutes] = field(default_factory=list)
    _by_depth: dict[int, list[Route]] = field(default_factory=dict)
    _calls: dict[int, RouteCall] = field(default_factory=dict)
    _unregistered: list[tuple[Route, RouteHandler]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, route: Route) -> Callable[[RouteHandler], RouteHandler]:
        """Register the decorated function as the handler of this route."""

        def remember(view: RouteHandler) -> RouteHandler:
            self._calls[id(route)] = RouteCall(
                path=route.path,
                template=route.template,
                view=view,
                printed=route.accepts_raw_output,
            )
            self._unregistered.append((route, view))
            self.added.append(route)
            self._by_depth.setdefault(route.path.count("/"), []).append(route)
            return view

        return remember

    def add_later(self, resources: Collection[str], add: Callable[[], None]) -> None:
        """Call `add` when a route of one of these resources is needed that is not there yet.

        A resource is the first segment of a path, without the prefix of the API.
        """
        self._later.append(_LaterRoutes(resources=frozenset(resources), add=add))

    def load(self) -> None:
        """Add all routes that are still to be added."""
        with self._lock:
            self._load(self._later)

    @property
    def all(self) -> Sequence[Route]:
        """Return all routes, after those still to be added were."""
        self.load()
        return self.added

    def registered(self) -> APIGatewayHttpResolver:
        """Return the router of Powertools with the routes that were added so far.

        Usual requests do without, and a start takes 6 % longer if all are registered.
        """
        with self._lock:
            while self._unregistered:
                route, view = self._unregistered.pop(0)
                self.resolver.route(
                    route.path,
                    route.method,
                    summary=route.summary,
                    tags=[route.tag],
                    responses=route.responses(),
                )(view)
        return self.resolver

    def call_of(self, route: Route) -> RouteCall:
        """Return how the function of a route is called."""
        return self._calls[id(route)]

    def add_external(self, method: str, path: str) -> None:
        """Register a path and method that another function answers."""
        self.external.append((path, method))

    def find(self, method: str, path: str) -> Route:
        """Return the route of a request.

        Raises:
            NotFound: There is no such path.
            MethodNotAllowed: The path has other methods only.
        """
        for route in self._candidates(path):
            if route.method == method and _pattern(route.path).fullmatch(path):
                return route
        if others := self.methods(path):
            raise MethodNotAllowed(others)
        raise NotFound("there is nothing at this path")

    def declared(self, method: str, path: str) -> Route:
        """Return the route that is declared with this path, its parameters in angle brackets.

        Raises:
            KeyError: There is none.
        """
        for route in self._candidates(path):
            if (route.method, route.path) == (method, path):
                return route
        raise KeyError(f"{method} {path}")

    def methods(self, path: str) -> Sequence[str]:
        """Return the methods of a path, whoever answers; HEAD is allowed where GET is."""
        fitting = [each for each in self._candidates(path) if _pattern(each.path).fullmatch(path)]
        taken = {route.method for route in fitting}
        taken |= {method for other, method in self.external if _pattern(other).fullmatch(path)}
        return sorted(taken | ({"HEAD"} if "GET" in taken else set()))

    def _candidates(self, path: str) -> Iterator[Route]:
        """Yield the routes with as many segments as the path, and then those added for it."""
        depth = path.count("/")
        there = self._by_depth.get(depth, [])[:]
        yield from there
        self._load_for(path)
        yield from self._by_depth.get(depth, [])[len(there) :]

    def _load_for(self, path: str) -> None:
        """Add the routes that may fit a path."""
        resource = path.removeprefix(_API).lstrip("/").partition("/")[0]
        with self._lock:
            self._load(each for each in self._later if resource in each.resources)

    def _load(self, chosen: Iterable[_LaterRoutes]) -> None:
        for each in tuple(chosen):
            each.add()
            self._later.remove(each)

    def call(self) -> RequestContext:
        """Return the context of the current request."""
        call: RequestContext = self.resolver.context["call"]
        return call


def json_response(
    body: BaseModel | JsonObject, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Return a successful response with this body."""
    text = body.model_dump_json() if isinstance(body, BaseModel) else to_json(body).decode()
    return Response(status_code=status, content_type=APPLICATION_JSON, body=text, headers=headers)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Return a pattern that matches a path with its parameters, each of them one segment.

    It is compiled when a request first has as many segments.
    """
    parts = _PARAMETER.split(path)
    names = (_FORMS.get(name, "[^/]+") for name in _PARAMETER.findall(path))
    return re.compile(
        "".join(re.escape(part) + form for part, form in zip_longest(parts, names, fillvalue=""))
    )


def _refusal(code: int) -> OpenAPIResponse:
    return {
        "description": HTTPStatus(code).phrase,
        "content": {PROBLEM_JSON: {"model": Problem}},
    }
