"""Tasks that depend on others, through the API and the functions behind it."""

import pytest
from pydantic import JsonValue

from signalbox.models.rate_limits import ConcurrencyLimits, Limits
from signalbox.runtime.maintenance import maintenance
from tests.functions.system import ApiResponse, Context, System

TASKS = "/api/v1/tasks"


@pytest.fixture
def admin(system: System) -> str:
    return system.key("admin")


def create(system: System, key: str, **fields: JsonValue) -> ApiResponse:
    return system.ask("POST", TASKS, {"title": "One", **fields}, key=key)


def maintain(system: System, *, minutes: int = 3) -> None:
    for _ in range(minutes):
        system.clock.advance(seconds=60)
        maintenance(system.wiring)({}, Context())


def test_a_task_shows_what_it_waits_for_in_itself_and_in_lists(system: System, admin: str) -> None:
    first = create(system, admin).word("id")
    system.clock.advance(seconds=1)
    response = create(system, admin, after=[first], on_failure="run")

    listed = system.ask("GET", TASKS, key=admin).items

    assert response.status == 201
    assert response.json_body["after"] == response.json_body["waits_for"] == [first]
    assert response.json_body["on_failure"] == "run"
    assert [row["waits_for"] for row in listed] == [[first], []]


def test_maintenance_alone_releases_a_task_whose_predecessor_has_succeeded(
    system: System, admin: str
) -> None:
    first = create(system, admin).word("id")
    second = create(system, admin, after=[first]).word("id")
    maintain(system)
    worker = system.key("worker")
    claimed = system.ask("POST", "/api/v1/queue/claim", {"worker": "w"}, key=worker)
    lease = claimed.part("lease")
    ref = {"lease_id": lease["id"], "fence": lease["fence"], "result": {}}
    done = system.ask("POST", f"{TASKS}/{first}/complete", ref, key=worker)
    maintain(system, minutes=6)

    again = system.ask("POST", "/api/v1/queue/claim", {"worker": "w"}, key=worker)

    assert done.status == 200
    assert claimed.part("task")["id"] == first
    assert again.part("task")["id"] == second
    assert again.part("task")["waits_for"] == []


@pytest.mark.parametrize(
    ("after", "status", "code"),
    [
        (["tsk_aaaaaaaaaaaaaaaaaaaaaaaa"], 422, "unknown_task"),
        (["nonsense"], 422, "validation_failed"),
        (["tsk_aaaaaaaaaaaaaaaaaaaaaaaa"] * 21, 422, "validation_failed"),
    ],
)
def test_a_task_after_what_does_not_exist_is_refused(
    system: System, admin: str, after: list[JsonValue], status: int, code: str
) -> None:
    response = create(system, admin, after=after)

    assert (response.status, response.json_body["code"]) == (status, code)
    assert system.ask("GET", TASKS, key=admin).items == []


def test_a_task_is_cancelled_with_what_depends_on_it(system: System, admin: str) -> None:
    first = create(system, admin).word("id")
    second = create(system, admin, after=[first], on_failure="run").word("id")
    body: dict[str, JsonValue] = {"reason": "put off", "subtree": True}

    waiting = system.ask("GET", f"{TASKS}/{first}/dependents", key=admin)
    stale = system.ask(
        "POST", f"{TASKS}/{first}/cancel", body, key=admin, headers={"if-match": '"v9"'}
    )
    response = system.ask("POST", f"{TASKS}/{first}/cancel", body, key=admin)

    assert [row["id"] for row in waiting.items] == [second]
    assert waiting.json_body["more"] is False
    assert stale.status == 412
    assert response.status == 200
    assert response.part("task")["status"] == "cancelled"
    assert (response.json_body["dependents"], response.json_body["more"]) == ([second], False)
    shown = system.ask("GET", f"{TASKS}/{second}", key=admin)
    assert (shown.word("status"), shown.json_body["waits_for"]) == ("cancelled", [])
    assert first in shown.word("reason")


def test_a_task_alone_is_cancelled_by_the_same_request(system: System, admin: str) -> None:
    first = create(system, admin).word("id")

    response = system.ask("POST", f"{TASKS}/{first}/cancel", {}, key=admin)

    assert response.status == 200
    assert (response.part("task")["status"], response.json_body["more"]) == ("cancelled", False)


def claim(system: System, key: str) -> ApiResponse:
    return system.ask("POST", "/api/v1/queue/claim", {"worker": "w"}, key=key)


def test_of_a_limited_kind_no_more_tasks_run_than_the_configuration_allows(
    system: System, admin: str
) -> None:
    config, concurrency = system.wiring.config, ConcurrencyLimits(kinds={"deploy": 1})
    before = next(iter(config.configured_limits()), None)
    after = (before or Limits()).model_copy(update={"concurrency": concurrency})
    config.replace(before, after)
    first, second = (create(system, admin, kind="deploy").word("id") for _ in range(2))
    maintain(system)
    worker = system.key("worker")

    taken = [claim(system, worker), claim(system, worker)]
    (waiting,) = {first, second} - {taken[0].part("task")["id"]}
    shown = system.ask("GET", f"{TASKS}/{waiting}", key=admin)
    listed = system.ask("GET", f"{TASKS}?status=pending", key=admin).items
    task, lease = taken[0].part("task"), taken[0].part("lease")
    ref = {"lease_id": lease["id"], "fence": lease["fence"], "result": {}}
    system.ask("POST", f"{TASKS}/{task['id']}/complete", ref, key=worker)
    maintain(system)
    last = claim(system, worker)

    assert taken[1].json_body["task"] is None
    assert shown.word("limited_by") == "kind:deploy"
    assert [row["limited_by"] for row in listed] == ["kind:deploy"]
    assert last.part("task")["id"] == waiting
    assert last.part("task")["limited_by"] is None


def test_the_latest_task_of_a_group_wins(system: System, admin: str) -> None:
    body: dict[str, JsonValue] = {"group": "preview of web", "group_policy": "latest"}
    first = create(system, admin, **body)
    system.clock.advance(seconds=1)
    second = create(system, admin, **body)

    maintain(system)

    shown = [system.ask("GET", f"{TASKS}/{each.word('id')}", key=admin) for each in (first, second)]
    assert [each.word("status") for each in shown] == ["cancelled", "pending"]
    assert shown[1].json_body["group"] == "preview of web"
    assert shown[1].json_body["group_policy"] == "latest"


@pytest.mark.parametrize("group", ["", " ", "x" * 129, "two\nlines"])
def test_a_group_has_a_name_in_one_line(system: System, admin: str, group: str) -> None:
    assert create(system, admin, group=group).status == 422


LATEST_OF_PULL_REQUEST: dict[str, JsonValue] = {
    "events": ["pull_request.*"],
    "transform": {
        "group": (
            "starts_with(event.type, 'pull_request.') && "
            "join('', ['preview of ', event.repository, '#', to_string(payload.number)])"
        ),
        "group_policy": "'latest'",
    },
}


def put_source(system: System, admin: str, fields: dict[str, JsonValue]) -> ApiResponse:
    path = "/api/v1/sources/github/default"
    source: JsonValue = {"provider": "github", "name": "default", **fields}
    return system.ask("PUT", path, source, key=admin, headers={"if-none-match": "*"})


def test_a_push_to_a_pull_request_replaces_the_task_of_the_one_before(
    system: System, admin: str
) -> None:
    put = put_source(system, admin, LATEST_OF_PULL_REQUEST)
    system.restart()
    other = system.post("pull_request.opened", key="d-1", number=58)
    first = system.post("pull_request.synchronize", key="d-2", pull_request={"body": "/agent"})
    system.clock.advance(seconds=1)
    second = system.post("pull_request.synchronize", key="d-3", pull_request={"body": "/agent"})
    maintain(system)

    shown = [
        system.ask("GET", f"{TASKS}/{task.id}", key=admin)
        for response in (other, first, second)
        for task in system.tasks_of(response)
    ]
    delivery = first.word("delivery_id")
    timeline = system.ask("GET", f"/api/v1/deliveries/{delivery}/explain", key=admin)

    assert put.status == 201
    assert [each.word("status") for each in shown] == ["pending", "cancelled", "pending"]
    assert shown[2].word("group") == "preview of octo-org/railway#57"
    assert shown[2].word("group_policy") == "latest"
    steps = [str(step["detail"]) for step in timeline.rows("steps") if step["what"] == "task"]
    assert steps[0].endswith('in the group "preview of octo-org/railway#57", policy latest')
    assert steps[1].endswith(
        f"the later task {shown[2].word('id')} of its group has taken its place"
    )


def test_a_source_whose_group_can_never_be_is_refused(system: System, admin: str) -> None:
    transform: JsonValue = {"group": "event.repo", "group_policy": "latest"}

    response = put_source(system, admin, {"events": ["push"], "transform": transform})

    assert response.status == 422
    assert [fault["pointer"] for fault in response.faults] == [
        "/body/transform/group",
        "/body/transform/group_policy",
    ]
