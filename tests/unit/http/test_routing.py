from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


def later(routes: Routes, route: Route, *resources: str) -> list[str]:
    """Add a route later; what is returned has its path each time that it is added."""
    added: list[str] = []

    def add() -> None:
        added.append(route.path)
        routes.add(route)(answer)

    routes.add_later(resources, add)
    return added


@pytest.mark.parametrize("path", ["/api/v1/cups/1", "/cups/1", "/.cups/1"])
def test_a_route_is_added_by_the_first_request_for_it(path: str) -> None:
    routes, route = Routes(resolver=router()), a_route(path=path)
    added = later(routes, route, "mugs", path.split("/")[-2])
    before = list(added)

    found = [routes.find("GET", path) for _ in range(2)]

    assert (before, added, found) == ([], [path], [route, route])


def test_a_request_adds_no_routes_of_other_resources() -> None:
    routes = Routes(resolver=router())
    routes.add(a_route(path="/api/v1/mugs"))(answer)
    cups, mugs = later(routes, a_route(), "cups"), later(routes, a_route("PUT"), "mugs")

    routes.find("GET", "/api/v1/mugs")
    with pytest.raises(NotFound):
        routes.find("GET", "/api/v1/saucers")

    assert (cups, mugs) == ([], [])


def test_the_methods_of_a_path_are_those_of_routes_that_were_not_needed_before() -> None:
    routes = Routes(resolver=router())
    routes.add(a_route())(answer)
    later(routes, a_route("PUT"), "cups")

    assert routes.methods("/api/v1/cups/1") == ["GET", "HEAD", "PUT"]


def test_all_routes_are_those_that_no_request_needed_too() -> None:
    routes, first, second = Routes(resolver=router()), a_route(), a_route("PUT")
    routes.add(first)(answer)
    later(routes, second, "cups")

    assert (list(routes.all), list(routes.all)) == ([first, second], [first, second])


def test_a_declared_route_is_added_when_it_is_asked_for_by_its_path() -> None:
    routes, first, second = Routes(resolver=router()), a_route(), a_route("PUT")
    routes.add(first)(answer)
    added = later(routes, second, "cups")

    found = [routes.declared("GET", first.path)]
    before = list(added)
    found.append(routes.declared("PUT", second.path))

    assert (found, before, added) == ([first, second], [], [second.path])
    with pytest.raises(KeyError, match="DELETE"):
        routes.declared("DELETE", first.path)


def test_requests_at_the_same_time_add_routes_once() -> None:
    routes, route = Routes(resolver=router()), a_route()
    added = later(routes, route, "cups")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: routes.find("GET", "/api/v1/cups/1"), range(64)))

    assert (added, found) == ([route.path], [route] * 64)
