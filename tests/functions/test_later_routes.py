"""The routes of the API that the first request for one of them adds."""

import re

import pytest

from signalbox.http.routing import Route
from signalbox.models.errors import NotFound
from signalbox.runtime.api import api
from tests.functions.system import System

TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE"


def an_example(route: Route) -> str:
    """A path of the route; one of a task has the id of one."""
    path = route.path.replace("<task_id>", "tsk_aaaaaaaaaaaaaaaaaaaaaaaa")
    return re.sub("<[a-z_]+>", "some", path)


def test_each_route_is_found_by_a_first_request(system: System) -> None:
    routes = list(system.api.routes.all)
    of_resource = {route.path.removeprefix("/api/v1").split("/")[1]: route for route in routes}
    assert len(of_resource) > 20

    for route in of_resource.values():
        first = api(system.wiring).routes
        assert first.find(route.method, an_example(route)).path == route.path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/queue/claim"),
        ("GET", "/api/v1/tasks"),
        ("POST", "/api/v1/tasks/tsk_aaaaaaaaaaaaaaaaaaaaaaaa/logs"),
        ("GET", "/health"),
    ],
)
def test_the_requests_of_workers_add_no_routes(system: System, method: str, path: str) -> None:
    routes = api(system.wiring).routes
    before = len(routes.added)

    routes.find(method, path)

    assert len(routes.added) == before


def test_a_path_of_nothing_adds_no_routes(system: System) -> None:
    routes = api(system.wiring).routes
    before = len(routes.added)

    with pytest.raises(NotFound):
        routes.find("GET", "/api/v1/nothing")

    assert len(routes.added) == before


def test_the_methods_of_webhooks_are_known_at_the_first_request(system: System) -> None:
    assert api(system.wiring).routes.methods("/api/v1/webhooks/github/main") == ["POST"]


@pytest.mark.parametrize("kind", ["snap-start", "provisioned-concurrency"])
def test_a_start_that_nobody_waits_for_adds_all_routes(
    system: System, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(TYPE, kind)

    routes = api(system.wiring).routes

    assert len(routes.added) == len(system.api.routes.all)


def test_a_start_on_demand_does_not(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TYPE, "on-demand")

    routes = api(system.wiring).routes

    assert len(routes.added) < len(routes.all) / 3
