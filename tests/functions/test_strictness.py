"""What a route does not know of is refused before anything is done."""

from functools import partial

import pytest
from pydantic import JsonValue

from tests.builders import a_connection
from tests.functions.crud import OWN, Found, Thing, connection, delivery, ended_task, notification
from tests.functions.system import ApiResponse, System

TASKS = "/api/v1/tasks"
REDRIVE = "/api/v1/queue/redrive"

TAKES_NO_BODY: dict[str, Thing] = {
    "/api/v1/queue/low/resume": lambda _, __: Found({}),
    f"{TASKS}/<task_id>/retry": ended_task,
    f"{TASKS}/<task_id>/notifications/<notification_id>/redeliver": notification,
    "/api/v1/connections/<connection_id>/test": connection,
    "/api/v1/deliveries/<delivery_id>/replay": delivery,
}


@pytest.mark.parametrize("path", TAKES_NO_BODY)
def test_what_takes_no_body_refuses_one(system: System, path: str) -> None:
    key = system.key("admin")
    filled = TAKES_NO_BODY[path](system, OWN).fill(path)
    post = partial(system.ask, "POST", filled, key=key)

    refused = [post(raw=raw) for raw in (b"{bad", b"\xff", b'{"x":1}', b"null", b"[]", b'""')]
    typed = post(raw=b"a=1", headers={"content-type": "application/x-www-form-urlencoded"})
    taken = post(raw=b" {} ")

    assert [(response.status, response.word("code")) for response in [*refused, typed]] == [
        (400, "payload_invalid")
    ] * 7
    assert taken.status in {200, 202}


def test_a_body_where_none_is_taken_is_refused_whatever_the_method(system: System) -> None:
    key = system.key("admin")

    for method in ("GET", "DELETE"):
        answer = system.ask(method, "/api/v1/keys/nobody", {"x": 1}, key=key)
        assert (answer.status, answer.word("code")) == (400, "payload_invalid")


@pytest.mark.parametrize(("body", "status"), [(None, 200), ({}, 200), ({"x": 1}, 422)])
def test_a_body_that_may_be_left_out_may_also_be_there(
    system: System, body: JsonValue, status: int
) -> None:
    answer = system.ask("POST", "/api/v1/queue/low/pause", body, key=system.key("admin"))

    assert answer.status == status


def faults(response: ApiResponse) -> list[dict[str, JsonValue]]:
    assert response.status == 422, response.text
    return response.faults


def test_a_query_that_is_not_known_is_refused_and_named(system: System) -> None:
    key = system.key("admin")
    task = ended_task(system, OWN).words["task_id"]

    answer = system.ask("POST", f"{REDRIVE}?dryrun=true", {"kind": "task"}, key=key)
    retried = system.ask("POST", f"{TASKS}/{task}/retry?dry_run=1&a/b=", key=key)

    assert faults(answer) == [{"pointer": "/query/dryrun", "code": "extra_forbidden"}]
    assert [fault["pointer"] for fault in faults(retried)] == ["/query/a~1b", "/query/dry_run"]
    shown = system.ask("GET", f"{TASKS}/{task}", key=key)
    assert shown.json_body["status"] == "cancelled"


@pytest.mark.parametrize("path", ["/health", TASKS, "/docs", "/api/v1/audit"])
def test_no_route_ignores_a_query(system: System, path: str) -> None:
    answer = system.ask("GET", f"{path}?Limit=1", key=system.key("admin"))

    assert [fault["pointer"] for fault in faults(answer)] == ["/query/Limit"]


def test_who_may_not_ask_learns_nothing_of_queries(system: System) -> None:
    assert system.ask("GET", f"{TASKS}?odd=1").status == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json", TASKS])
def test_head_is_answered_as_get_without_the_body(system: System, path: str) -> None:
    key = system.key("admin")

    head, get = (system.ask(method, path, key=key) for method in ("HEAD", "GET"))

    assert (head.status, head.text) == (200, "")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_head_is_refused_as_get_is(system: System) -> None:
    unknown, posted = (system.ask("HEAD", path) for path in ("/nowhere", REDRIVE))

    assert (unknown.status, unknown.text) == (404, "")
    assert (posted.status, posted.headers["allow"], posted.text) == (405, "POST", "")


@pytest.mark.parametrize("title", ["   ", "\u3000", "\u00a0 "])
def test_a_title_of_blanks_is_none(system: System, title: str) -> None:
    key = system.key("admin")
    made = system.ask("POST", TASKS, {"title": "a b"}, key=key)
    path, any_ = f"{TASKS}/{made.word('id')}", {"if-match": "*"}

    answers = [
        system.ask("POST", TASKS, {"title": title}, key=key),
        system.ask("PUT", path, {"title": title}, key=key, headers=any_),
        system.ask("PATCH", path, {"title": title}, key=key, headers=any_),
    ]

    for answer in answers:
        assert [fault["pointer"] for fault in faults(answer)] == ["/body/title"]


def test_a_task_that_is_not_there_has_no_notifications(system: System) -> None:
    system.wiring.config.put(a_connection())
    key = system.key("admin")
    task = system.ask("POST", TASKS, {"title": "x"}, key=key).word("id")
    test = system.ask("POST", "/api/v1/connections/team-slack/test", key=key).word("task_id")

    none, tested, absent = (
        system.ask("GET", f"{TASKS}/{each}/notifications", key=key)
        for each in (task, test, "tsk_aaaaaaaaaaaaaaaaaaaaaaaa")
    )

    assert (none.status, none.items) == (200, [])
    assert (tested.status, len(tested.items)) == (200, 1)
    assert absent.status == 404


def test_who_explains_by_the_providers_own_id_is_told_where(system: System) -> None:
    answer = system.ask("GET", "/api/v1/deliveries/d-1/explain", key=system.key("viewer"))

    assert answer.status == 404
    assert "/api/v1/explain?provider=&key=" in answer.word("detail")
