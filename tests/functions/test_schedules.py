"""Schedules through the API, and their tasks by maintenance."""

from datetime import timedelta

import pytest
from pydantic import JsonValue

from signalbox.runtime.maintenance import maintenance
from tests.functions.system import ApiResponse, Context, System

DAILY: dict[str, JsonValue] = {
    "name": "daily",
    "cron": "0 7 * * *",
    "timezone": "Europe/Berlin",
    "task": {"title": "Report", "kind": "report", "labels": ["a"]},
}
PATH = "/api/v1/schedules/daily"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def admin(system: System) -> str:
    return system.key("admin")


def put(system: System, admin: str, **changes: JsonValue) -> ApiResponse:
    headers = {"if-match": "*"} if "if_match" in changes else None
    changes.pop("if_match", None)
    return system.ask("PUT", PATH, DAILY | changes, key=admin, headers=headers)


def maintain(system: System) -> None:
    maintenance(system.wiring)({}, Context())


def planned(system: System, key: str) -> list[tuple[JsonValue, JsonValue]]:
    """The tasks of schedules: their source, and for when they were planned."""
    listed = system.ask("GET", "/api/v1/tasks?provider=schedule", key=key).items
    tasks = [system.ask("GET", f"/api/v1/tasks/{row['id']}", key=key).json_body for row in listed]
    return [(task["source"], task["planned_at"]) for task in tasks]


def test_a_schedule_creates_its_task_when_it_is_due(system: System, admin: str) -> None:
    made = put(system, admin)
    maintain(system)
    before = planned(system, admin)
    system.clock.advance(timedelta(hours=18) + MINUTE)
    maintain(system)
    maintain(system)
    runs = system.ask("GET", f"{PATH}/runs?limit=2", key=admin).json_body

    assert (made.status, before) == (201, [])
    assert planned(system, admin) == [("daily", "2026-03-02T06:00:00Z")]
    assert runs["last_run"] == "2026-03-02T06:00:00Z"
    assert runs["next_runs"] == ["2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z"]
    last = system.ask("GET", f"/api/v1/tasks/{runs['last_task']}", key=admin)
    assert (last.json_body["title"], last.json_body["kind"]) == ("Report", "report")


def test_a_paused_schedule_runs_after_it_is_resumed(system: System, admin: str) -> None:
    put(system, admin)
    paused = system.ask("POST", f"{PATH}/pause", key=admin)
    system.clock.advance(timedelta(days=1))
    maintain(system)
    nothing = system.ask("GET", f"{PATH}/runs", key=admin).json_body["next_runs"]
    resumed = system.ask("POST", f"{PATH}/resume", key=admin)
    maintain(system)
    during = planned(system, admin)
    system.clock.advance(timedelta(days=1))
    maintain(system)

    assert (paused.json_body["enabled"], nothing, resumed.json_body["enabled"]) == (False, [], True)
    assert during == []
    assert planned(system, admin) == [("daily", "2026-03-03T06:00:00Z")]


def test_a_schedule_is_run_now_once_for_a_key(system: System, admin: str) -> None:
    put(system, admin)
    headers = {"idempotency-key": '"now"'}

    first = system.ask("POST", f"{PATH}/run", key=admin, headers=headers)
    again = system.ask("POST", f"{PATH}/run", key=admin, headers=headers)

    assert (first.status, again.status) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert planned(system, admin) == [("daily", None)]
    assert again.json_body["id"] == first.json_body["id"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"cron": "0 25 * * *"}, "/body/cron"),
        ({"cron": "@daily"}, "/body/cron"),
        ({"timezone": "Europe/Atlantis"}, "/body/timezone"),
        ({"at": "2026-03-02T06:00:00Z"}, "/body"),
        ({"cron": None}, "/body"),
        ({"task": {"title": "Report", "due": "2026-03-02T06:00:00Z"}}, "/body/task/due"),
        ({"task": {"title": ""}}, "/body/task/title"),
        ({"task": {"title": "Report", "not_before": None}}, "/body/task/not_before"),
        ({"catch_up": "some"}, "/body/catch_up"),
    ],
)
def test_a_schedule_that_cannot_run_is_refused(
    system: System, admin: str, change: dict[str, JsonValue], pointer: str
) -> None:
    system.ask("DELETE", PATH, key=admin, headers={"if-match": "*"})

    response = put(system, admin, **change)

    assert (response.status, response.word("code")) == (422, "validation_failed")
    assert [fault["pointer"] for fault in response.faults] == [pointer]


def test_a_schedule_with_a_time_ends_after_it(system: System, admin: str) -> None:
    put(system, admin, cron=None, timezone="UTC", at="2026-03-01T14:00:00+01:00")
    system.clock.advance(timedelta(hours=1))
    maintain(system)
    runs = system.ask("GET", f"{PATH}/runs", key=admin).json_body

    assert planned(system, admin) == [("daily", "2026-03-01T13:00:00Z")]
    assert (runs["last_run"], runs["next_runs"]) == ("2026-03-01T13:00:00Z", [])


def test_a_schedule_that_is_changed_begins_anew_and_keeps_its_last_run_otherwise(
    system: System, admin: str
) -> None:
    put(system, admin, cron="* * * * *")
    system.clock.advance(MINUTE)
    maintain(system)

    put(system, admin, cron="* * * * *", catch_up="all", if_match="*")
    kept = system.ask("GET", f"{PATH}/runs", key=admin).json_body["last_run"]
    put(system, admin, cron="*/2 * * * *", if_match="*")
    anew = system.ask("GET", f"{PATH}/runs", key=admin).json_body["last_run"]

    assert (kept, anew) == ("2026-03-01T12:01:00Z", None)
