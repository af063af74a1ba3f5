import re
from contextlib import suppress

import pytest
from pydantic import JsonValue

from signalbox.models.ids import TaskId
from signalbox.models.principal import Scope
from signalbox.models.rate_limits import RateLimit
from signalbox.models.span import SpanKind
from signalbox.models.task import Priority
from signalbox.models.trace_context import task_traceparent
from tests.fakes.spans import recorded_spans
from tests.functions.system import ApiResponse, System
from tests.integration.faults import Action, Crash, Faults, broken, crash_before

NEXT: JsonValue = {"worker": "w1", "lease_seconds": 60}
ENDS = pytest.mark.parametrize(
    ("what", "more"), [("complete", {}), ("fail", {"reason": "no luck"}), ("release", {})]
)


def waiting(system: System, priority: str = "normal") -> str:
    """A task with a message in its queue."""
    body: JsonValue = {"title": "Tidy up", "priority": priority}
    answer = system.ask("POST", "/api/v1/tasks", body, key=system.key("admin"))
    system.wiring.queue.send(Priority(priority), [TaskId(answer.word("id"))])
    return answer.word("id")


def claim(system: System, worker: str = "w1", lease: int = 60) -> ApiResponse:
    body: JsonValue = {"worker": worker, "lease_seconds": lease}
    answer = system.ask("POST", "/api/v1/queue/claim", body, key=system.key("worker"))
    assert answer.status == 200, answer.text
    return answer


def step(
    system: System, task: str, what: str, claimed: ApiResponse, **more: JsonValue
) -> ApiResponse:
    return step_under(system, task, what, claimed.part("lease"), system.key("worker"), **more)


def step_under(
    system: System,
    task: str,
    what: str,
    lease: dict[str, JsonValue],
    key: str,
    **more: JsonValue,
) -> ApiResponse:
    body: JsonValue = {"lease_id": lease["id"], "fence": lease["fence"], **more}
    return system.ask("POST", f"/api/v1/tasks/{task}/{what}", body, key=key)


def test_a_claimed_task_is_held_and_completed(system: System) -> None:
    task = waiting(system)

    claimed = claim(system)
    beat = step(system, task, "heartbeat", claimed, progress="half way")
    done = step(system, task, "complete", claimed, result={"summary": "tidy"})

    assert claimed.part("task")["status"] == "running"
    assert beat.json_body["action"] == "continue"
    assert (done.status, done.json_body["status"]) == (200, "succeeded")
    assert claim(system).json_body == {"task": None, "lease": None}


def test_the_worker_gets_the_trace_context_of_the_client(system: System) -> None:
    sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    key, headers = system.key("admin"), {"traceparent": sent}
    made = system.ask("POST", "/api/v1/tasks", {"title": "Tidy up"}, key=key, headers=headers)
    system.wiring.queue.send(Priority.NORMAL, [TaskId(made.word("id"))])

    claimed = claim(system)

    assert claimed.part("task")["traceparent"] == sent


def test_the_lease_is_shown_to_its_worker_alone(system: System) -> None:
    task = waiting(system)
    lease = str(claim(system).part("lease")["id"])

    shown = system.ask("GET", f"/api/v1/tasks/{task}", key=system.key("viewer"))

    assert lease not in shown.text


def test_the_task_of_a_dead_worker_goes_to_the_next_and_its_own_word_is_refused(
    system: System,
) -> None:
    task = waiting(system)
    dead = claim(system, "dead", lease=30)
    system.clock.advance(seconds=31)

    alive = claim(system, "alive")

    late = step(system, task, "complete", dead)
    assert alive.part("task")["worker"] == "alive"
    assert (late.status, late.json_body["code"]) == (409, "lease_lost")
    assert step(system, task, "complete", alive).status == 200


def test_a_retryable_failure_waits_and_comes_back_until_no_attempts_are_left(
    system: System,
) -> None:
    task = waiting(system)
    statuses = []
    for _ in range(3):
        claimed = claim(system)
        failed = step(system, task, "fail", claimed, reason="no luck")
        statuses.append(failed.json_body["status"])
        system.clock.advance(seconds=3_600)

    assert statuses == ["pending", "pending", "failed"]
    assert claim(system).json_body["task"] is None


def test_a_failure_that_no_retry_helps_is_final(system: System) -> None:
    task = waiting(system)

    failed = step(system, task, "fail", claim(system), reason="never", retryable=False)

    assert (failed.json_body["status"], failed.json_body["reason"]) == ("failed", "never")


def test_a_released_task_gets_a_new_message_and_costs_no_attempt(system: System) -> None:
    task = waiting(system)
    released = step(system, task, "release", claim(system))
    released_at = system.wiring.tasks.get(TaskId(task))
    system.wiring.dispatch(released_at, [released_at.last_step])

    again = claim(system)

    assert released.json_body["attempt"] == 0
    assert again.part("task")["attempt"] == 1


def test_a_second_message_for_a_held_task_is_dropped(system: System) -> None:
    task = waiting(system)
    system.wiring.queue.send(Priority.NORMAL, [TaskId(task)])
    claimed = claim(system)

    second = claim(system, "w2")

    assert second.json_body["task"] is None
    assert step(system, task, "complete", claimed).status == 200
    depth = system.wiring.queue.depths()[1]
    assert (depth.waiting, depth.in_flight) == (0, 0)


def test_completing_twice_under_the_same_lease_changes_nothing(system: System) -> None:
    task = waiting(system)
    claimed = claim(system)

    first = step(system, task, "complete", claimed)
    second = step(system, task, "complete", claimed)

    assert second.json_body == first.json_body


def test_low_is_not_starved_by_high(system: System) -> None:
    for _ in range(60):
        waiting(system, "high")
    low = waiting(system, "low")

    drawn = [str(claim(system).part("task")["id"]) for _ in range(61)]

    assert drawn.index(low) < 60


@pytest.mark.parametrize(
    "body",
    [
        {"worker": "", "lease_seconds": 60},
        {"worker": "w", "lease_seconds": 9},
        {"worker": "w", "lease_seconds": 43_201},
        {"worker": "w", "wait_seconds": 21},
        {"worker": "w\n"},
        {},
    ],
)
def test_an_odd_claim_is_refused(system: System, body: JsonValue) -> None:
    answer = system.ask("POST", "/api/v1/queue/claim", body, key=system.key("worker"))

    assert answer.status == 422


def test_what_a_worker_tells_may_hold_what_its_program_printed(system: System) -> None:
    task = waiting(system)
    claimed = claim(system)

    answer = step(system, task, "complete", claimed, result={"summary": "\x1b[32mdone\x1b[0m"})

    assert answer.status == 200
    assert answer.part("result")["summary"] == "\x1b[32mdone\x1b[0m"


def test_a_result_that_no_record_can_hold_is_refused(system: System) -> None:
    task = waiting(system)
    claimed = claim(system)

    answer = step(system, task, "complete", claimed, result={"data": {"text": "x" * 40_000}})

    assert answer.status == 422
    assert step(system, task, "complete", claimed, result={"data": {"text": "x"}}).status == 200


@ENDS
def test_the_end_of_a_lease_claims_the_next_task(
    system: System, what: str, more: dict[str, JsonValue]
) -> None:
    first = waiting(system)
    claimed = claim(system)
    second = waiting(system)

    ended = step(system, first, what, claimed, claim=NEXT, **more)

    following = ended.part("next")
    task, lease = following["task"], following["lease"]
    assert isinstance(task, dict)
    assert isinstance(lease, dict)
    assert (ended.word("id"), task["id"], task["status"]) == (first, second, "running")
    done = step_under(system, second, "complete", lease, system.key("worker"))
    assert done.status == 200


@pytest.mark.parametrize("more", [{}, {"claim": None}, {"claim": NEXT}])
def test_next_is_null_where_nothing_was_claimed(system: System, more: dict[str, JsonValue]) -> None:
    task = waiting(system)

    ended = step(system, task, "complete", claim(system), **more)

    assert (ended.word("status"), ended.json_body["next"]) == ("succeeded", None)


@ENDS
def test_an_end_that_is_sent_again_claims_no_second_task(
    system: System, what: str, more: dict[str, JsonValue]
) -> None:
    first = waiting(system)
    claimed = claim(system)
    _, third = waiting(system), waiting(system)
    step(system, first, what, claimed, claim=NEXT, **more)

    again = step(system, first, what, claimed, claim=NEXT, **more)

    assert (again.status, again.json_body["next"]) == (200, None)
    assert claim(system).part("task")["id"] == third


@pytest.mark.parametrize("error", [broken, crash_before])
def test_a_claim_that_fails_leaves_the_end_as_it_is(
    system: System, faults: Faults, caplog: pytest.LogCaptureFixture, error: Action
) -> None:
    first = waiting(system)
    claimed = claim(system)
    second = waiting(system)
    faults.on("SQS.ReceiveMessage", error, times=1_000)

    with suppress(Crash):
        ended = step(system, first, "complete", claimed, claim=NEXT)
        assert (ended.status, ended.json_body["next"]) == (200, None)
        assert "the next task was not claimed" in caplog.messages
    faults.clear()

    again = step(system, first, "complete", claimed, claim=NEXT)
    assert (again.status, again.word("status")) == (200, "succeeded")
    assert claim(system).part("task")["id"] == second


def test_a_message_that_cannot_be_deleted_is_deleted_by_the_repetition(
    system: System, faults: Faults
) -> None:
    first = waiting(system)
    claimed = claim(system)
    second = waiting(system)
    faults.on("SQS.DeleteMessage", broken, times=1_000)

    failed = step(system, first, "complete", claimed, claim=NEXT)
    faults.clear()
    again = step(system, first, "complete", claimed, claim=NEXT)

    assert (failed.status, again.status, again.json_body["next"]) == (503, 200, None)
    assert claim(system).part("task")["id"] == second
    depth = system.wiring.queue.depths()[1]
    assert (depth.waiting, depth.in_flight) == (0, 1)


@ENDS
def test_an_end_that_is_refused_claims_nothing(
    system: System, what: str, more: dict[str, JsonValue]
) -> None:
    first = waiting(system)
    late = claim(system, "late", lease=30)
    system.clock.advance(seconds=31)
    claim(system, "current")
    second = waiting(system)

    refused = step(system, first, what, late, claim=NEXT, **more)

    assert (refused.status, refused.json_body["code"]) == (409, "lease_lost")
    assert claim(system).part("task")["id"] == second


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/claim/worker"),
        ({"worker": "w", "lease_seconds": 9}, "/body/claim/lease_seconds"),
        ({"worker": "w", "wait_seconds": 21}, "/body/claim/wait_seconds"),
        ({"worker": "w", "queue": "high"}, "/body/claim/queue"),
        ("w", "/body/claim"),
    ],
)
def test_an_end_with_an_odd_claim_changes_nothing(
    system: System, body: JsonValue, pointer: str
) -> None:
    task = waiting(system)
    claimed = claim(system)

    refused = step(system, task, "complete", claimed, claim=body)

    assert (refused.status, [fault["pointer"] for fault in refused.faults]) == (422, [pointer])
    shown = system.ask("GET", f"/api/v1/tasks/{task}", key=system.key("viewer"))
    assert shown.word("status") == "running"


def test_a_caller_who_may_not_claim_ends_nothing(system: System) -> None:
    task = waiting(system)
    lease, key = claim(system).part("lease"), system.key("viewer")

    refused = step_under(system, task, "complete", lease, key, claim=NEXT)

    assert refused.status == 403
    shown = system.ask("GET", f"/api/v1/tasks/{task}", key=key)
    assert shown.word("status") == "running"


def test_every_end_of_a_lease_needs_the_scope_of_a_claim(system: System) -> None:
    routes = {
        route.path.rpartition("/")[2]: route.scope
        for route in system.api.routes.all
        if route.tag == "work"
    }

    ends = {routes[name] for name in ("claim", "complete", "fail", "release")}

    assert ends == {Scope.TASKS_WORK}


def test_an_end_with_a_claim_counts_as_one_request(system: System) -> None:
    system.limited(default=RateLimit(count=100, burst=10))
    key = system.key(scopes=(Scope.TASKS_WORK,))
    first = waiting(system)
    claimed = system.ask("POST", "/api/v1/queue/claim", NEXT, key=key)
    waiting(system)

    ended = step_under(system, first, "complete", claimed.part("lease"), key, claim=NEXT)

    left = [quota(answer) for answer in (claimed, ended)]
    assert ended.json_body["next"] is not None
    assert left[0] - left[1] == 1


def quota(answer: ApiResponse) -> int:
    """How many requests are left, by the header."""
    found = re.search(r"r=(\d+)", answer.headers["ratelimit"])
    assert found
    return int(found[1])


def test_the_log_line_of_a_request_names_the_task_that_it_claimed(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = waiting(system)
    claimed = claim(system)
    second = waiting(system)
    step(system, first, "complete", claimed, claim=NEXT)

    lines = [record.__dict__ for record in caplog.records if record.message == "request"]
    claims = [
        (line["path"], line["claimed_task_id"]) for line in lines if "claimed_task_id" in line
    ]
    assert claims == [
        ("/api/v1/queue/claim", first),
        (f"/api/v1/tasks/{first}/complete", second),
    ]


def test_an_end_with_a_claim_is_in_the_trace_of_its_task_and_linked_to_the_next(
    system: System,
) -> None:
    first = waiting(system)
    claimed = claim(system)
    second = waiting(system)

    with recorded_spans() as spans:
        step(system, first, "complete", claimed, claim=NEXT)

    [span] = [each for each in spans if each.kind is SpanKind.SERVER]
    contexts = [task_traceparent(system.wiring.tasks.get(TaskId(each))) for each in (first, second)]
    assert (span.parent, span.links) == (contexts[0], (contexts[1],))
