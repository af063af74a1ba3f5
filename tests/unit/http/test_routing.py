from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from signalbox.http.api import router
from signalbox.http.routing import OPEN, MethodNotAllowed, Route, Routes
from signalbox.models.errors import NotFound


def a_route(method: str = "GET", path: str = "/api/v1/cups/<cup_id>") -> Route:
    return Route(method=method, path=path, scope=OPEN, tag="cups", summary="A cup")


def answer(cup_id: str) -> Response[str]:
    return Response(status_code=200, body=cup_id)


def test_routes_are_registered_with_powertools_once_and_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registered: list[str] = []

    def record(_self: object, path: str, *_: object, **__: object) -> Callable[[Any], Any]:
        registered.append(path)
        return lambda view: view

    monkeypatch.setattr(APIGatewayHttpResolver, "route", record)
    routes = Routes(resolver=router())
    routes.add(a_route())(answer)
    before = list(registered)

    for _ in range(2):
        routes.registered()

    assert (before, registered) == ([], ["/api/v1/cups/<cup_id>"])


def test_a_route_that_is_added_after_a_request_is_found() -> None:
    routes, first, second = Routes(resolver=router()), a_route(), a_route("PUT")
    routes.add(first)(answer)
    found = [routes.find("GET", "/api/v1/cups/1")]
    routes.add(second)(answer)

    found.append(routes.find("PUT", "/api/v1/cups/1"))

    assert found == [first, second]


def test_a_path_of_another_function_has_its_methods() -> None:
    routes = Routes(resolver=router())
    routes.add(a_route())(answer)
    routes.add_external("POST", "/api/v1/cups/<cup_id>")

    with pytest.raises(MethodNotAllowed) as refusal:
        routes.find("PATCH", "/api/v1/cups/1")

    assert refusal.value.allowed == ["GET", "HEAD", "POST"]


@pytest.mark.parametrize("path", ["/api/v1/cups", "/api/v1/cups/1/handle", "/" * 9])
def test_a_path_without_a_route_is_not_found(path: str) -> None:
    routes = Routes(resolver=router())
    routes.add(a_route())(answer)

    with pytest.raises(NotFound) as refusal:
        routes.find("GET", path)

    assert not isinstance(refusal.value, MethodNotAllowed)
