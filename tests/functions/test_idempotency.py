"""One Idempotency-Key, one thing: what a repeat is answered, and what is no repeat."""

import pytest
from pydantic import JsonValue

from signalbox.models.ids import TaskId
from tests.builders import a_connection
from tests.functions.system import ApiResponse, System

KEYS = "/api/v1/keys"
TASKS = "/api/v1/tasks"


def again(
    system: System, path: str, body: JsonValue = None, *, key: str, raw: bytes | None = None
) -> ApiResponse:
    return system.ask("POST", path, body, key=key, headers={"Idempotency-Key": "one"}, raw=raw)


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        (TASKS, {"title": "Tidy up"}, {"title": "Tidy down"}),
        (KEYS, {"name": "ci", "roles": ["viewer"]}, {"name": "cd", "roles": ["viewer"]}),
        ("/api/v1/connections/team-slack/test", None, {}),
    ],
)
def test_another_body_under_the_same_key_is_refused(
    system: System, path: str, body: JsonValue, other: JsonValue
) -> None:
    system.wiring.config.put(a_connection())
    admin = system.key("admin")

    first = again(system, path, body, key=admin)
    second = again(system, path, other, key=admin)

    assert first.status in {201, 202}
    assert (second.status, second.word("code")) == (422, "idempotency_key_reused")


def test_a_repeat_of_a_new_key_names_the_key_and_tells_it_no_more(system: System) -> None:
    admin = system.key("admin")
    body: JsonValue = {"name": "ci", "roles": ["viewer"]}

    made = again(system, KEYS, body, key=admin)
    repeated = again(system, KEYS, body, key=admin)

    assert (repeated.status, repeated.word("code")) == (409, "already_exists")
    assert made.word("id") in repeated.word("detail")
    assert made.word("key") not in repeated.text


def test_a_test_that_is_repeated_says_so(system: System) -> None:
    system.wiring.config.put(a_connection())
    path, admin = "/api/v1/connections/team-slack/test", system.key("admin")

    first, second = (again(system, path, key=admin) for _ in range(2))

    assert first.json_body == second.json_body
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"


def test_a_test_of_another_connection_needs_another_key(system: System) -> None:
    admin = system.key("admin")
    for name in ("team-slack", "other"):
        system.wiring.config.put(a_connection(id=name))

    first = again(system, "/api/v1/connections/team-slack/test", key=admin)
    second = again(system, "/api/v1/connections/other/test", key=admin)

    task = TaskId(first.word("task_id"))
    assert (second.status, second.word("code")) == (422, "idempotency_key_reused")
    assert len(list(system.wiring.notifications.of_task(task))) == 1
