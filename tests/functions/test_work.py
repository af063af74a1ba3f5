import pytest
from pydantic import JsonValue

from signalbox.models.ids import TaskId
from signalbox.models.task import Priority
from tests.functions.system import ApiResponse, System


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
    lease = claimed.part("lease")
    body: JsonValue = {"lease_id": lease["id"], "fence": lease["fence"], **more}
    return system.ask("POST", f"/api/v1/tasks/{task}/{what}", body, key=system.key("worker"))


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
