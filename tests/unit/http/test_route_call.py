"""A route gets the same arguments with and without the router, or the router answers."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from pydantic import Field

from signalbox.http.api import router
from signalbox.http.routing import Route, Routes
from signalbox.models.base import Model
from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.functions.system import event

ROUTE = Route(
    method="POST", path="/api/v1/tasks/<task_id>/edit", scope=None, tag="tasks", summary="Edit"
)


class Edit(Model):
    """A body."""

    title: str = Field(min_length=1)
    number: int = 0


class Recorder:
    """Routes with one route, whose function records its arguments."""

    def __init__(self) -> None:
        self.routes = Routes(resolver=router())
        self.calls: list[dict[str, Any]] = []

        @self.routes.add(ROUTE)
        def edit(
            task_id: str,
            body: Annotated[Edit, Body()],
            limit: Annotated[int, Query(ge=1, le=100)] = 50,
            name: Annotated[str | None, Query(max_length=9)] = None,
            key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
        ) -> Response[str]:
            given = {"task_id": task_id, "body": body, "limit": limit, "name": name, "key": key}
            self.calls.append(given)
            return Response(status_code=200, body="")


def request_of(
    body: bytes, query: Mapping[str, str], headers: Mapping[str, str], task: str
) -> InboundRequest:
    return InboundRequest(
        method="POST",
        path=f"/api/v1/tasks/{task}/edit",
        headers={"content-type": "application/json", **headers},
        body=body,
        query=urlencode(query),
    )


CASES: dict[str, tuple[bytes, dict[str, str], dict[str, str]]] = {
    "all defaults": (b'{"title":"a"}', {}, {}),
    "all given": (
        b'{"title":"a","number":3}',
        {"limit": "7", "name": "b"},
        {"idempotency-key": "c"},
    ),
    "commas in a header": (b'{"title":"a"}', {}, {"idempotency-key": "c, d"}),
    "empty parameters": (b'{"title":"a"}', {"name": ""}, {"idempotency-key": ""}),
    "spaces": (b' {"title": "a"} ', {"limit": "07"}, {}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("task", ["tsk_1", "a b", "ä", "%41", "a:b@c"])
def test_arguments_are_those_of_the_router(
    case: tuple[bytes, dict[str, str], dict[str, str]], task: str
) -> None:
    body, query, headers = case
    recorder = Recorder()
    request = request_of(body, query, headers, task)

    call = recorder.routes.call_of(ROUTE)
    call.view(**(call.arguments(request, query) or {}))
    resolve(recorder, request, query)

    [direct, routed] = recorder.calls
    assert direct == routed


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b"", {}),
        (b"{}", {}),
        (b'{"title":""}', {}),
        (b'{"title":"a","other":1}', {}),
        (b'[{"title":"a"}]', {}),
        (b'"a"', {}),
        (b'{"title":"a"}', {"limit": "0"}),
        (b'{"title":"a"}', {"limit": "many"}),
        (b'{"title":"a"}', {"name": "1,2"}),
    ],
)
def test_the_router_answers_requests_with_errors_and_lists(
    body: bytes, query: dict[str, str]
) -> None:
    request = request_of(body, query, {}, "tsk_1")

    assert Recorder().routes.call_of(ROUTE).arguments(request, query) is None


def test_a_path_that_the_router_does_not_match_is_left_to_it() -> None:
    request = request_of(b'{"title":"a"}', {}, {}, 'a"b')

    assert Recorder().routes.call_of(ROUTE).arguments(request, {}) is None


def test_a_body_that_is_not_json_is_an_error() -> None:
    request = request_of(b"{", {}, {}, "tsk_1")

    with pytest.raises(PayloadInvalid):
        Recorder().routes.call_of(ROUTE).arguments(request, {})


def resolve(recorder: Recorder, request: InboundRequest, query: Mapping[str, str]) -> None:
    resolver = recorder.routes.registered()
    resolver.append_context(call=Call)
    made = event("POST", request.path, dict(request.headers), request.body)
    made |= {"rawPath": request.path, "queryStringParameters": dict(query) or None}
    answer = resolver.resolve({**made, "rawQueryString": request.query}, FakeContext(FakeClock()))
    assert answer["statusCode"] == 200, json.dumps(answer)


class Call:
    """What the router's parser of bodies asks for."""

    route = ROUTE
