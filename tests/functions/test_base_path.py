"""The API under a base path: a custom domain's API mapping, or a stage with a name."""

import json

import pytest
from pydantic import JsonValue

from tests.functions.system import ApiResponse, Context, System, as_response, event


def mounted(
    method: str, base: str, path: str, *, key: str = "", body: JsonValue = None, stage: str = ""
) -> dict[str, JsonValue]:
    """The event of a request that the catch-all route of template.yaml matched."""
    headers = {"content-type": "application/json", "x-api-key": key}
    content = b"" if body is None else json.dumps(body).encode()
    made = event(method, f"{base}{path}", headers, content)
    proxy = path.partition("?")[0].removeprefix("/")
    made["routeKey"] = "ANY /{proxy+}" if proxy else "ANY /"
    made["pathParameters"] = {"proxy": proxy} if proxy else None
    context = made["requestContext"]
    assert isinstance(context, dict)
    made["requestContext"] = {**context, "stage": stage or "$default"}
    return made


def ask(system: System, made: dict[str, JsonValue]) -> ApiResponse:
    return as_response(system.api(made, Context()))


@pytest.mark.parametrize(
    ("base", "stage"),
    [
        ("", ""),
        ("/hooks", ""),
        ("/team/hooks", ""),
        ("/prod", "prod"),
        ("/api", "api"),
        ("/api/v1", ""),
        ("/api/v1/tasks", ""),
        ("/a%20b", ""),
    ],
)
def test_the_api_answers_under_a_base_path(system: System, base: str, stage: str) -> None:
    key = system.key("admin")

    created = ask(
        system,
        mounted("POST", base, "/api/v1/tasks", key=key, body={"title": "Tidy up"}, stage=stage),
    )
    path = f"/api/v1/tasks/{created.word('id')}"
    shown = ask(system, mounted("GET", base, path, key=key, stage=stage))
    health = ask(system, mounted("GET", base, "/health", stage=stage))

    assert (created.status, shown.status, health.status) == (201, 200, 200)
    assert created.headers["location"] == f"{base}{path}"


def test_the_description_names_the_base_path(system: System) -> None:
    described = [
        ask(system, mounted("GET", base, "/openapi.json")).json_body["servers"]
        for base in ("/hooks", "")
    ]

    assert described == [
        [{"url": "/hooks", "x-internal": False}],
        [{"url": "/", "x-internal": False}],
    ]


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1/tasks/", "//api/v1/tasks"])
def test_what_is_not_there_is_not_there_under_a_base_path(system: System, path: str) -> None:
    assert ask(system, mounted("GET", "/hooks", path)).status == 404


def test_a_path_that_the_gateway_decoded_is_matched_all_the_same(system: System) -> None:
    key = system.key("admin")
    plain = mounted("GET", "", "/api/v1/tasks/tsk%5Fx", key=key)
    based = mounted("GET", "/hooks", "/api/v1/tasks/tsk%5Fx", key=key)
    for made in (plain, based):
        made["pathParameters"] = {"proxy": "api/v1/tasks/tsk_x"}

    answers = [ask(system, made) for made in (plain, based)]

    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].json_body["detail"] == answers[1].json_body["detail"]
