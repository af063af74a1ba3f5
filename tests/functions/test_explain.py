"""The story of a delivery, and of what was refused."""

import json
from typing import cast

import pytest
from pydantic import JsonValue

from signalbox.models.circuit import Circuit
from signalbox.models.deferral import attempt_completed, follow_up_ended
from signalbox.models.delivery import DeliveryStatus, reinterpreted
from signalbox.models.errors import PayloadInvalid, Unavailable
from signalbox.models.event import ParsedPayload
from signalbox.models.ids import DeliveryId, TaskId
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.models.source_rules import TaskTransform
from signalbox.providers.github.provider import GitHub
from tests.builders import a_connection, a_deferred, a_delivery, a_subscription
from tests.contract.circuits import OPEN, TEAM
from tests.functions.system import ApiResponse, System
from tests.samples import sample


def explained(system: System, key: str = "d-1") -> ApiResponse:
    path = f"/api/v1/explain?provider=github&key={key}"
    answer = system.ask("GET", path, key=system.key("viewer"))
    assert answer.status == 200, answer.text
    return answer


def ids(made: ApiResponse) -> list[str]:
    return cast("list[str]", made.json_body["task_ids"])


def steps_of(story: ApiResponse) -> list[tuple[JsonValue, JsonValue]]:
    return [(step["what"], step["detail"]) for step in story.rows("steps")]


def whats(story: ApiResponse) -> list[JsonValue]:
    return [step["what"] for step in story.rows("steps")]


def rejections(system: System, query: str = "") -> list[dict[str, JsonValue]]:
    path = f"/api/v1/rejections?{query}"
    return system.ask("GET", path, key=system.key("viewer")).items


def last(found: dict[str, JsonValue]) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", found["last"])


def test_a_deferred_delivery_tells_why_it_was_answered_first_and_what_became_of_it(
    system: System,
) -> None:
    deliveries, now = system.wiring.deliveries, system.clock()
    pending = a_deferred(key="d-1", received_at=now, due_at=now)
    body = json.dumps(sample("github", "issue_comment.created").body).encode()
    deliveries.create(pending, body)
    waiting = explained(system)
    awaited = pending.deferral.model_copy(update={"awaited": True})
    completed = attempt_completed(awaited, now, "No task: nothing in it")
    assert completed.follow_up is not None
    ended = follow_up_ended(completed, completed.follow_up, now, "the provider answers 404")
    interpreted = reinterpreted(pending, a_delivery(key="d-1", status=DeliveryStatus.IGNORED))
    deliveries.replace(pending, interpreted.model_copy(update={"deferral": ended}))

    after = explained(system)

    reason = "it was answered first: there is no time to ask"
    assert ("deferred", reason) in steps_of(waiting)
    assert "read" not in whats(waiting)
    assert not [detail for what, detail in steps_of(waiting) if what == "today"]
    assert ("deferred", reason) in steps_of(after)
    assert "read" in whats(after)
    sending = "the outcome for the person who waits for it: failed, the provider answers 404"
    assert ("follow_up", sending) in steps_of(after)


def test_a_story_is_told_from_the_receipt_to_the_last_attempt(system: System) -> None:
    wired = system.wiring
    wired.config.put(a_connection())
    wired.config.put(a_subscription())
    made = system.comment("/agent fix the login")
    task = wired.tasks.get(TaskId(str(ids(made)[0])))
    system.clock.advance(seconds=1)
    wired.dispatch(task, task.history)
    system.clock.advance(seconds=1)
    claim: JsonValue = {"worker": "w1"}
    system.ask("POST", "/api/v1/queue/claim", claim, key=system.key("worker"))

    story = explained(system)

    assert whats(story) == [
        "received",
        "verified",
        "read",
        "event",
        "command",
        "repeated",
        "task",
        "notification",
        "task",
        "queue",
    ]
    assert ("queue", "a message for the task was received from the queue normal") in steps_of(story)
    assert ("verified", "the signature was made with the current secret") in steps_of(story)
    assert ("command", "agent fix the login") in steps_of(story)
    assert ("repeated", "received once") in steps_of(story)
    assert [step["ids"] for step in story.rows("steps")][-2] == {
        "task_id": task.id,
        "change_id": f"{task.id}.{task.created_at.timestamp():.0f}.2",
    }


def test_the_story_is_the_same_by_our_own_id(system: System) -> None:
    made = system.comment("/agent fix the login")
    path = f"/api/v1/deliveries/{made.word('delivery_id')}/explain"

    answer = system.ask("GET", path, key=system.key("viewer"))

    assert answer.json_body == explained(system).json_body


def test_it_is_told_why_nothing_was_made(system: System) -> None:
    system.wiring.config.put(Source(provider="github", commands=("run",)))
    system.comment("/agent fix the login")

    story = explained(system)

    notes = [detail for what, detail in steps_of(story) if what == "note"]
    assert notes[0] == "issue_comment.created: the source does not list the command agent"
    assert story.word("status") == "ignored"
    assert "task" not in whats(story)


def test_what_todays_configuration_makes_of_a_delivery_that_came_again_is_kept_with_it(
    system: System,
) -> None:
    system.wiring.config.put(Source(provider="github", commands=("run",)))
    system.comment("/agent fix the login")
    system.wiring.config.put(Source(provider="github"))

    again = system.comment("/agent fix the login")

    delivery = system.wiring.deliveries.get(DeliveryId(again.word("delivery_id")))
    assert (again.json_body["status"], len(delivery.task_ids)) == ("accepted", 1)
    assert again.json_body["task_ids"] == list(delivery.task_ids)
    assert "task" in whats(explained(system))


def test_it_is_told_that_a_delivery_came_again_and_was_replayed(system: System) -> None:
    made = system.comment("/agent fix the login")
    system.clock.advance(seconds=5)
    system.comment("/agent fix the login")
    system.clock.advance(seconds=5)
    path = f"/api/v1/deliveries/{made.word('delivery_id')}/replay"
    system.ask("POST", path, key=system.key("operator"))

    story = explained(system)

    assert whats(story)[-2:] == ["repeated", "replayed"]
    assert str(steps_of(story)[-2][1]).startswith("received once more")
    assert str(steps_of(story)[-1][1]).endswith(": accepted")


def test_it_is_told_which_secret_verified_a_delivery(system: System) -> None:
    assert system.github.limit
    system.wiring.secrets.put("sources/github/default", ["new", "It's a Secret to Everybody"])
    system.comment("/agent fix the login")

    verified = dict(steps_of(explained(system)))["verified"]

    assert verified == "the signature was made with an earlier secret (1)"


def test_it_is_told_that_todays_code_reads_what_was_not_read(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(_: GitHub, request: InboundRequest) -> ParsedPayload:
        raise PayloadInvalid(f"{len(request.body)} bytes of nonsense")

    with monkeypatch.context() as yesterday:
        yesterday.setattr(GitHub, "parse", parse)
        system.comment("/agent fix the login")

    story = dict(steps_of(explained(system)))

    assert str(story["read"]).startswith("unknown: failed, ")
    assert story["today"] == "today it would be accepted; a replay applies this"


def test_a_story_is_told_of_a_source_that_is_gone_and_a_task_that_has_expired(
    system: System,
) -> None:
    ping = sample("github", "issue_comment.created")
    source = Source(provider="github", name="gone")
    system.wiring.config.put(source)
    system.wiring.secrets.put("sources/github/gone", ["another"])
    made = system.hook(ping.raw, ping.headers, source="gone", secret="another")
    for task in ids(made):
        system.wiring.tasks_table.delete({"pk": {"S": f"TASK#{task}"}, "sk": {"S": "TASK"}})
    system.wiring.config.remove(source)
    path = f"/api/v1/deliveries/{made.word('delivery_id')}/explain"

    story = system.ask("GET", path, key=system.key("viewer"))

    details = dict(steps_of(story))
    assert str(details["today"]).startswith("it cannot be interpreted again: the source")
    assert str(details["task"]).startswith("the task has finished and expired")


def test_the_secret_of_a_command_is_not_told(system: System) -> None:
    system.comment("/agent log in with sbx_live_0000000000000")

    assert "sbx_live" not in explained(system).text


def test_a_delivery_that_repeats_a_command_of_another_tells_so(system: System) -> None:
    first = system.comment("/agent fix the login", key="d-1")
    system.comment("/agent fix the login", key="d-2")

    story = explained(system, "d-2")

    [made] = [detail for what, detail in steps_of(story) if what == "task"]
    assert str(made).endswith(
        f"for the delivery {first.word('delivery_id')}, which has the same command"
    )


def test_what_is_refused_is_counted_by_reason_and_the_last_are_shown(system: System) -> None:
    ping = sample("github", "ping")
    for _ in range(3):
        system.hook(ping.raw, ping.headers | {"user-agent": "GitHub-Hookshot"}, secret="wrong")
        system.clock.advance(seconds=2)
    system.hook(b"x" * 1_000_001, {"content-length": "1000001"})

    [found] = rejections(system)

    assert found["counts"] == {"payload_too_large": 1, "signature_invalid": 3}
    codes = [each["code"] for each in last(found)]
    assert codes == ["payload_too_large", *["signature_invalid"] * 3]


def test_a_missing_secret_is_noted_for_what_it_is(system: System) -> None:
    ping = sample("github", "ping")
    system.wiring.config.put(Source(provider="github", name="bare"))
    answer = system.hook(ping.raw, ping.headers, source="bare", secret="")

    [found] = rejections(system, "source=bare")

    assert answer.status == 503
    assert found["counts"] == {"secret_missing": 1}


def test_a_request_that_cannot_be_read_is_noted_as_well(system: System) -> None:
    headers = {"X-GitHub-Event": "issue_comment", "X-GitHub-Delivery": "odd"}
    system.hook(b"{", headers | {"content-type": "application/json"})

    [found] = rejections(system)

    assert found["counts"] == {"payload_invalid": 1}


def test_nothing_is_noted_of_sources_that_do_not_exist(system: System) -> None:
    ping = sample("github", "ping")
    for source in ("nobody", "x" * 300):
        system.hook(b"x" * 1_000_001, ping.headers, source=source)

    assert rejections(system) == []


def test_the_first_rejections_are_all_visible_at_once(system: System) -> None:
    ping = sample("github", "ping")
    system.hook(ping.raw, ping.headers, secret="wrong")
    system.hook(b"x" * 1_000_001, {})
    system.hook(ping.raw, ping.headers, secret="wrong")

    [found] = rejections(system)

    assert found["counts"] == {"payload_too_large": 1, "signature_invalid": 2}
    assert len(last(found)) == 3


def test_a_flood_costs_one_write_a_second_and_is_counted_all_the_same(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping = sample("github", "ping")
    writes = []
    count = type(system.wiring.state_table).count

    def counted(*given: object, **named: object) -> object:
        writes.append(given)
        return count(*given, **named)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(type(system.wiring.state_table), "count", counted)
    for _ in range(50):
        system.hook(ping.raw, ping.headers, secret="wrong")
    system.clock.advance(seconds=1)
    system.hook(ping.raw, ping.headers, secret="wrong")

    [found] = rejections(system)
    assert len(writes) == 21, "the first twenty, and one after a second"
    assert found["counts"] == {"signature_invalid": 51}


def test_the_last_twenty_are_kept(system: System) -> None:
    ping = sample("github", "ping")
    for _ in range(25):
        system.hook(ping.raw, ping.headers, secret="wrong")
        system.clock.advance(seconds=1)

    [found] = rejections(system)

    times = [each["at"] for each in last(found)]
    assert times == sorted(times, reverse=True)
    assert (len(times), times[0]) == (20, "2026-03-01T12:00:24Z")
    assert found["counts"] == {"signature_invalid": 25}


def test_a_rejection_that_cannot_be_noted_changes_nothing_for_its_sender(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping = sample("github", "ping")

    for trouble in (Unavailable("the table did not answer"), RuntimeError("a bug")):

        def broken(*_: object, trouble: Exception = trouble, **__: object) -> None:
            raise trouble

        monkeypatch.setattr(type(system.wiring.state_table), "count", broken)
        system.clock.advance(seconds=60)
        assert system.hook(ping.raw, ping.headers, secret="wrong").status == 401


def test_a_task_that_nobody_queued_yet_is_told_of(system: System) -> None:
    system.comment("/agent fix the login priority=high")

    queue = dict(steps_of(explained(system)))["queue"]

    later = "maintenance sends one if it is not claimed within two minutes"
    assert queue == f"no message for the task is on record; {later}"


def test_a_notification_that_waits_for_a_circuit_says_so(system: System) -> None:
    wired = system.wiring
    wired.config.put(a_connection())
    wired.config.put(a_subscription())
    task = wired.tasks.get(TaskId(str(ids(system.comment("/agent fix the login"))[0])))
    wired.dispatch(task, task.history)
    before = steps_of(explained(system))
    wired.circuits.replace(TEAM, Circuit(), OPEN)

    after = steps_of(explained(system))

    waiting = "waiting: the circuit of the connection is open"
    assert not any(waiting in str(detail) for _, detail in before)
    assert [what for what, detail in after if waiting in str(detail)] == ["notification"]


def test_a_story_says_what_the_filter_left_out(system: System) -> None:
    system.wiring.config.put(Source(provider="github", filter="event.author == 'nobody'"))
    system.comment("/agent fix the login")

    story = explained(system)

    assert ("note", "issue_comment.created: the filter of the source leaves it out") in steps_of(
        story
    )
    assert "command" not in whats(story)


def test_a_task_whose_kind_is_transformed_is_of_its_event_and_of_no_command(
    system: System,
) -> None:
    system.wiring.config.put(
        Source(
            provider="github",
            events=("issue_comment.*",),
            transform=TaskTransform(kind="'triage'"),
        )
    )
    system.comment("no command")

    story = explained(system)

    assert "task" in whats(story)
    assert "command" not in whats(story)
