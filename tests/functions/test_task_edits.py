from datetime import timedelta

import pytest
from pydantic import JsonValue

from signalbox.http.schemas.task_changes import TaskChangeList
from signalbox.models.ids import TaskId
from signalbox.models.task import Priority, Task, TaskApproval, TaskStatus
from tests.builders import NOW, a_task, an_id
from tests.functions.system import ApiResponse, System

TASKS = "/api/v1/tasks"


def made(system: System, **more: JsonValue) -> str:
    body: JsonValue = {"title": "Tidy up", "labels": ["home"], **more}
    answer = system.ask("POST", TASKS, body, key=system.key("admin"))
    assert answer.status == 201, answer.text
    return answer.word("id")


def ask(
    system: System, method: str, path: str, body: JsonValue = None, match: str | None = "*"
) -> ApiResponse:
    headers = {"If-Match": match} if match else {}
    sent = None if method == "DELETE" else body
    return system.ask(method, f"{TASKS}/{path}", sent, key=system.key("operator"), headers=headers)


def dispatched(system: System, task: str) -> None:
    """What the stream brings about after the last change."""
    found = system.wiring.tasks.get(TaskId(task))
    system.wiring.dispatch(found, [found.last_step])


def claim(system: System) -> ApiResponse:
    return system.ask("POST", "/api/v1/queue/claim", {"worker": "w1"}, key=system.key("worker"))


def waiting(system: System) -> dict[str, int]:
    return {str(depth.queue): depth.waiting for depth in system.wiring.queue.depths()}


def test_every_answer_with_a_task_carries_its_tag(system: System) -> None:
    key = system.key("admin")
    created = system.ask("POST", TASKS, {"title": "Tidy up"}, key=key)
    task = created.word("id")

    tags = [
        created.headers["etag"],
        system.ask("GET", f"{TASKS}/{task}", key=key).headers["etag"],
        ask(system, "PATCH", task, {"title": "Tidy"}).headers["etag"],
        ask(system, "PUT", task, {"title": "Tidy all"}).headers["etag"],
        ask(system, "DELETE", task).headers["etag"],
        ask(system, "POST", f"{task}/retry").headers["etag"],
    ]

    assert tags == ['"v1"', '"v1"', '"v2"', '"v3"', '"v4"', '"v5"']


def test_a_patch_changes_what_it_names_alone(system: System) -> None:
    task = made(system, priority="high", due="2026-04-01T00:00:00Z")

    answer = ask(system, "PATCH", task, {"description": "all of it", "due": None}, '"v1"')

    assert answer.status == 200
    assert answer.json_body["description"] == "all of it"
    assert answer.json_body["labels"] == ["home"]
    assert (answer.json_body["priority"], answer.json_body["due"]) == ("high", None)


def test_a_put_sets_what_it_leaves_out_to_its_default(system: System) -> None:
    task = made(system, priority="high")

    answer = ask(system, "PUT", task, {"title": "Another"}, '"v1"')

    body = answer.json_body
    assert (body["title"], body["labels"], body["priority"]) == ("Another", [], "normal")


def test_an_edit_that_changes_nothing_makes_no_version(system: System) -> None:
    task = made(system)

    bodies: list[JsonValue] = [{}, {"title": "Tidy up"}]
    for body in bodies:
        assert ask(system, "PATCH", task, body, '"v1"').headers["etag"] == '"v1"'


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("match", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ('"v2"', 412, "precondition_failed"),
        ('W/"v1"', 412, "precondition_failed"),
        ("v1", 400, "payload_invalid"),
    ],
)
def test_a_change_needs_the_version_that_it_means(
    system: System, method: str, match: str | None, status: int, code: str
) -> None:
    task = made(system)

    answer = ask(system, method, task, {"title": "Another"}, match)

    assert (answer.status, answer.json_body["code"]) == (status, code)
    assert system.wiring.tasks.get(TaskId(task)).version == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_any_version_of_an_unknown_task_is_404(system: System, method: str) -> None:
    assert ask(system, method, an_id(), {"title": "x"}).status == 404


def test_of_two_editors_of_one_version_the_second_is_told(system: System) -> None:
    task = made(system)

    first = ask(system, "PATCH", task, {"title": "Mine"}, '"v1"')
    second = ask(system, "PATCH", task, {"title": "Yours"}, '"v1"')

    assert (first.status, second.status) == (200, 412)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"status": "succeeded"}, "/body/status"),
        ({"version": 9}, "/body/version"),
        ({"title": None}, "/body/title"),
        ({"title": ""}, "/body/title"),
        ({"title": "a\nb"}, "/body/title"),
        ({"priority": "urgent"}, "/body/priority"),
        ({"labels": "home"}, "/body/labels"),
        ({"due": "soon"}, "/body/due"),
    ],
)
def test_an_odd_patch_is_422_and_says_where(system: System, body: JsonValue, pointer: str) -> None:
    answer = ask(system, "PATCH", made(system), body)

    assert answer.status == 422
    assert pointer in [fault["pointer"] for fault in answer.faults]


def test_who_has_the_task_as_it_is_gets_304(system: System) -> None:
    task, key = made(system), system.key("viewer")

    same = system.ask("GET", f"{TASKS}/{task}", key=key, headers={"If-None-Match": '"v1"'})
    other = system.ask("GET", f"{TASKS}/{task}", key=key, headers={"If-None-Match": '"v2"'})

    assert (same.status, same.text, same.headers["etag"]) == (304, "", '"v1"')
    assert other.status == 200


def test_progress_is_news_although_it_is_no_version(system: System) -> None:
    task = made(system)
    dispatched(system, task)
    claim(system)

    answer = system.ask(
        "GET", f"{TASKS}/{task}", key=system.key("viewer"), headers={"If-None-Match": '"v2"'}
    )

    assert (answer.status, answer.headers["etag"]) == (200, '"v2"')


@pytest.mark.parametrize("priority", ["high", "low"])
def test_another_priority_moves_the_task_to_its_queue(system: System, priority: str) -> None:
    task = made(system)
    dispatched(system, task)

    ask(system, "PATCH", task, {"priority": priority}, '"v1"')
    dispatched(system, task)
    claimed = claim(system)

    found = system.wiring.tasks.get(TaskId(task))
    assert claimed.part("task")["id"] == task
    assert found.lease
    assert found.lease.queue is Priority(priority)


def test_the_message_in_the_old_queue_is_dropped_when_it_is_met(system: System) -> None:
    task = made(system, priority="high")
    dispatched(system, task)
    ask(system, "PATCH", task, {"priority": "low"}, '"v1"')

    early = claim(system)
    dispatched(system, task)

    assert early.json_body["task"] is None
    assert waiting(system) == {"high": 0, "normal": 0, "low": 1}
    assert claim(system).part("task")["id"] == task


def test_the_worker_of_a_cancelled_task_learns_it_by_its_heartbeat(system: System) -> None:
    task = made(system)
    dispatched(system, task)
    lease = claim(system).part("lease")

    cancelled = ask(system, "DELETE", f"{task}?reason=not,+after+all", match='"v2"')
    body: JsonValue = {"lease_id": lease["id"], "fence": lease["fence"]}
    beat = system.ask("POST", f"{TASKS}/{task}/heartbeat", body, key=system.key("worker"))

    assert cancelled.json_body["status"] == "cancelled"
    assert cancelled.json_body["reason"] == "not, after all"
    assert beat.json_body["action"] == "cancel"


def test_a_cancelled_task_is_claimed_by_nobody_until_it_is_retried(system: System) -> None:
    task = made(system)
    dispatched(system, task)
    ask(system, "DELETE", task)

    assert claim(system).json_body["task"] is None
    assert ask(system, "POST", f"{task}/retry", match=None).json_body["status"] == "pending"
    dispatched(system, task)
    assert claim(system).part("task")["id"] == task


def test_what_a_task_cannot_become_is_a_conflict(system: System) -> None:
    task = made(system)

    pending = ask(system, "POST", f"{task}/retry", match=None)
    ask(system, "DELETE", task)
    edited = ask(system, "PATCH", task, {"title": "x"})

    assert (pending.status, edited.status) == (409, 409)
    assert pending.json_body["code"] == edited.json_body["code"] == "conflict"


def test_a_retry_may_name_its_version(system: System) -> None:
    task = made(system)
    ask(system, "DELETE", task)

    assert ask(system, "POST", f"{task}/retry", match='"v1"').status == 412
    assert ask(system, "POST", f"{task}/retry", match='"v2"').status == 200


def test_the_history_says_what_happened_when_and_by_whom(system: System) -> None:
    task = made(system)
    system.clock.advance(seconds=5)
    ask(system, "PATCH", task, {"title": "Another", "labels": []})
    ask(system, "DELETE", task)

    answer = system.ask("GET", f"{TASKS}/{task}/changes", key=system.key("viewer"))

    created, updated, cancelled = answer.items
    assert created["id"] == f"{task}.{NOW.timestamp():.0f}.1"
    assert created["type"] == "signalbox.task.created"
    assert created["source"] == "/signalbox/signalbox-test"
    assert updated["subject"] == task
    assert updated["time"] == "2026-03-01T12:00:05Z"
    data = updated["data"]
    assert isinstance(data, dict)
    assert (data["version"], data["reason"]) == (2, "changed title, labels")
    assert str(data["by"]).startswith("key:")
    assert cancelled["type"] == "signalbox.task.cancelled"


def test_the_history_is_as_long_as_it_says(system: System) -> None:
    task = made(system)
    for number in range(55):
        ask(system, "PATCH", task, {"title": f"Another {number}"})

    answer = system.ask("GET", f"{TASKS}/{task}/changes", key=system.key("viewer"))

    first, second, *_ = answer.items
    assert (first["id"], second["id"]) == tuple(
        f"{task}.{NOW.timestamp():.0f}.{version}" for version in (1, 8)
    )
    assert f"Of more than {len(answer.items)} only the first" in str(TaskChangeList.__doc__)


@pytest.mark.parametrize("role", ["viewer", "worker"])
@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("DELETE", ""), ("POST", "/retry")])
def test_who_may_not_write_changes_nothing(
    system: System, role: str, method: str, path: str
) -> None:
    answer = system.ask(method, f"{TASKS}/{made(system)}{path}", {}, key=system.key(role))

    assert answer.status == 403


def test_an_idempotency_key_names_one_request(system: System) -> None:
    key = system.key("admin")
    named = {"Idempotency-Key": '"a,b"'}

    def create(title: str, headers: dict[str, str] = named, key: str = key) -> ApiResponse:
        return system.ask("POST", TASKS, {"title": title}, key=key, headers=headers)

    first = create("Tidy up")
    other_body = create("Tidy down")
    other_key = create("Tidy down", {"Idempotency-Key": '"a,c"'})
    other_caller = create("Tidy down", key=system.key("admin"))

    assert (other_body.status, other_body.json_body["code"]) == (422, "idempotency_key_reused")
    assert len({answer.word("id") for answer in (first, other_key, other_caller)}) == 3


def test_a_repeated_creation_shows_the_task_as_it_is_by_then(system: System) -> None:
    key = system.key("admin")

    def create() -> ApiResponse:
        headers = {"Idempotency-Key": "one"}
        return system.ask("POST", TASKS, {"title": "Tidy up"}, key=key, headers=headers)

    ask(system, "PATCH", create().word("id"), {"title": "Another"})
    again = create()

    assert (again.status, again.word("title"), again.headers["etag"]) == (201, "Another", '"v2"')
    assert again.headers["idempotency-replayed"] == "true"


def to_approve(system: System) -> Task:
    approval = TaskApproval(
        seconds=3_600, expires_at=system.clock() + timedelta(hours=1), requester="github:octocat"
    )
    task = a_task(
        status=TaskStatus.AWAITING_APPROVAL,
        approval=approval,
        created_at=system.clock(),
        priority=Priority.NORMAL,
    )
    assert system.wiring.tasks.create(task)
    dispatched(system, task.id)
    return task


def test_a_task_is_handed_out_once_it_is_approved(system: System) -> None:
    task = to_approve(system)
    before = claim(system)

    approved = ask(system, "POST", f"{task.id}/approve", match=None)
    dispatched(system, task.id)
    after = claim(system)

    assert before.json_body["task"] is None
    assert approved.word("status") == "pending"
    handed = system.wiring.tasks.get(task.id)
    assert handed.approval
    assert handed.approval.by
    assert after.status == 200
    assert handed.status is TaskStatus.RUNNING


def test_a_rejected_task_is_cancelled_and_says_why(system: System) -> None:
    task = to_approve(system)

    answer = ask(system, "POST", f"{task.id}/reject?reason=not%20today", match=None)
    again = ask(system, "POST", f"{task.id}/approve", match=None)

    assert answer.word("status") == "cancelled"
    assert answer.word("reason").endswith(": not today")
    assert again.status == 409
