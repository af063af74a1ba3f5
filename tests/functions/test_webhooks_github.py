import json
from dataclasses import replace
from typing import cast
from urllib.parse import urlencode

import pytest

from signalbox.aws.tasks import DynamoTasks
from signalbox.models.errors import NotFound
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.ids import DeliveryId, TaskId, delivery_id
from signalbox.models.request import InboundRequest
from signalbox.models.source import ApprovalRule, Source
from signalbox.models.task import TaskStatus
from signalbox.providers.github.provider import GitHub
from tests.builders import a_source
from tests.functions.system import SECRET, System
from tests.samples import sample


def test_a_comment_with_a_command_becomes_a_task(system: System) -> None:
    answer = system.comment("/agent fix the login priority=high")

    [task_id] = cast("list[str]", answer.json_body["task_ids"])
    task = system.wiring.tasks.get(TaskId(task_id))
    assert answer.status == 202
    assert (task.kind, task.instruction) == ("agent", "fix the login priority=high")
    assert task.priority == "high"
    assert task.repository == "octo-org/railway"


def test_a_second_copy_of_a_delivery_makes_no_task(system: System) -> None:
    first = system.comment("/agent fix the login")

    second = system.comment("/agent fix the login")

    assert second.status == 202
    assert second.json_body["duplicate"] is True
    assert second.json_body["task_ids"] == first.json_body["task_ids"]


def test_the_delivery_is_kept_with_its_body(system: System) -> None:
    answer = system.comment("/agent fix the login")

    delivery = DeliveryId(answer.word("delivery_id"))
    assert system.wiring.deliveries.get(delivery).status == "accepted"
    body = system.wiring.deliveries.get_stored(delivery).body
    assert b"/agent fix the login" in (body or b"")


def test_a_ping_is_answered_200(system: System) -> None:
    ping = sample("github", "ping")

    answer = system.hook(ping.raw, ping.headers)

    assert (answer.status, answer.json_body["status"]) == (200, "handshake")


class Challenging(GitHub):
    """A provider that expects its challenge back, as Slack's url_verification does."""

    def parse(self, request: InboundRequest) -> ParsedPayload:
        return ParsedPayload(
            type="url_verification",
            handshake=Answer(body=request.body.decode(), media_type="text/plain"),
        )


class Greeting(GitHub):
    """A provider that tests an endpoint without a signature, as Trello does with HEAD."""

    def answer_unsigned(self, request: InboundRequest) -> Answer | None:
        return Answer() if request.body == b"" else None


class Answering(GitHub):
    """A provider whose sender shows the response, as Slack does for a slash command."""

    def parse(self, request: InboundRequest) -> ParsedPayload:
        return replace(super().parse(request), answer=Answer(body="on it", media_type="text/plain"))


class Replying(GitHub):
    """A provider that shows the outcome to the person who gave the command."""

    def parse(self, request: InboundRequest) -> ParsedPayload:
        return replace(super().parse(request), reply=lambda outcome: Answer(body=outcome))


class Acknowledging(GitHub):
    """A provider that expects a response without a body."""

    def parse(self, request: InboundRequest) -> ParsedPayload:
        return replace(super().parse(request), answer=Answer(body="", status=204))


def test_a_test_without_signature_is_answered_and_leaves_nothing(system: System) -> None:
    system.install(Greeting())

    response = system.hook(b"", {}, secret="another")

    assert (response.status, response.text) == (200, "")
    assert "x-signalbox-delivery" not in response.headers


def test_an_event_may_be_answered_with_the_body_that_its_sender_expects(system: System) -> None:
    system.install(Answering())
    opened = sample("github", "issues.opened")

    response = system.hook(opened.raw, opened.headers)

    assert (response.status, response.text) == (200, "on it")
    delivery = DeliveryId(response.headers["x-signalbox-delivery"])
    assert system.wiring.deliveries.get(delivery).event == "issues.opened"


def test_the_outcome_is_the_answer_where_the_sender_is_shown_it(system: System) -> None:
    system.install(Replying())
    opened, commented = sample("github", "issues.opened"), sample("github", "issue_comment.created")

    nothing, task = (system.hook(one.raw, one.headers) for one in (opened, commented))

    assert nothing.text.startswith("No task: issues.opened: no command in it")
    [stored] = system.wiring.deliveries.get(
        DeliveryId(task.headers["x-signalbox-delivery"])
    ).task_ids
    assert (task.status, task.text) == (200, f"Task {stored} (agent)")


def test_an_empty_answer_stays_empty(system: System) -> None:
    system.install(Acknowledging())
    opened = sample("github", "issues.opened")

    response = system.hook(opened.raw, opened.headers)

    assert (response.status, response.text) == (204, "")
    assert "x-signalbox-delivery" in response.headers


def test_a_handshake_is_answered_with_its_own_body_and_stored(system: System) -> None:
    system.install(Challenging())

    response = system.hook(b"3eZbrw1aB", sample("github", "ping").headers)

    assert (response.status, response.text) == (200, "3eZbrw1aB")
    assert response.headers["content-type"] == "text/plain"
    delivery = DeliveryId(response.headers["x-signalbox-delivery"])
    assert system.wiring.deliveries.get(delivery).status == "handshake"


def test_a_wrong_signature_is_answered_401_and_leaves_nothing(system: System) -> None:
    ping = sample("github", "ping")

    answer = system.hook(ping.raw, ping.headers, secret="another")

    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_a_secret_nothing_is_accepted(system: System) -> None:
    ping = sample("github", "ping")
    system.wiring.config.put(Source(provider="github", name="bare"))

    answer = system.hook(ping.raw, ping.headers, source="bare", secret="")

    assert answer.status == 503
    assert answer.json_body["code"] == "unavailable"


def test_a_source_that_nobody_configured_is_not_there(system: System) -> None:
    ping = sample("github", "ping")

    answer = system.hook(ping.raw, ping.headers, source="unknown")

    assert answer.status == 404


def test_the_previous_secret_still_verifies_and_a_removed_one_does_not(system: System) -> None:
    ping = sample("github", "ping")
    system.hook(ping.raw, ping.headers)
    system.wiring.secrets.put("sources/github/default", ["new", "old"])
    system.clock.advance(seconds=600)

    statuses = [
        system.hook(ping.raw, ping.headers, secret=each).status for each in ("new", "old", SECRET)
    ]

    assert statuses == [200, 200, 401]


def test_a_new_secret_is_known_before_the_cache_ends(system: System) -> None:
    ping = sample("github", "ping")
    system.hook(ping.raw, ping.headers)
    system.wiring.secrets.put("sources/github/default", ["new"])

    answer = system.hook(ping.raw, ping.headers, secret="new")

    assert answer.status == 200


def test_a_form_is_read_like_json(system: System) -> None:
    made = sample("github", "issue_comment.created")
    body = urlencode({"payload": made.raw.decode()}).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}

    answer = system.hook(body, made.headers | form)

    assert answer.status == 202
    assert answer.json_body["task_ids"]


def test_a_body_over_the_limit_is_413(system: System) -> None:
    answer = system.hook(b"x" * 1_000_001, {})

    assert answer.status == 413


def test_what_is_verified_and_not_json_is_kept_and_answered_400(system: System) -> None:
    headers = {"X-GitHub-Event": "issue_comment", "X-GitHub-Delivery": "odd"}

    answer = system.hook(b"{", headers | {"content-type": "application/json"})

    kept = system.wiring.deliveries.get(delivery_id("github", "default", "odd"))
    assert answer.status == 400
    assert (kept.status, kept.reason is not None) == ("failed", True)


def test_an_unknown_event_is_recorded_as_ignored(system: System) -> None:
    star = sample("github", "star.created")

    answer = system.hook(star.raw, star.headers)

    assert (answer.status, answer.json_body["status"]) == (202, "ignored")
    assert answer.json_body["notes"]


def test_an_edit_runs_only_what_the_comment_did_not_say_before(system: System) -> None:
    made = sample("github", "issue_comment.created")
    before = "/agent fix the login"
    comment = made.body["comment"]
    assert isinstance(comment, dict)
    edited = made.body | {
        "action": "edited",
        "comment": comment | {"body": f"{before}\n/run tests"},
        "changes": {"body": {"from": before}},
    }
    system.comment(before)

    answer = system.hook(json.dumps(edited).encode(), made.headers | {"X-GitHub-Delivery": "d-2"})

    [task_id] = cast("list[str]", answer.json_body["task_ids"])
    assert system.wiring.tasks.get(TaskId(task_id)).kind == "run"


def test_an_old_delivery_whose_tasks_have_expired_makes_none_again(system: System) -> None:
    first = system.comment("/agent fix the login")
    [task_id] = cast("list[str]", first.json_body["task_ids"])
    system.wiring.tasks_table.delete({"pk": {"S": f"TASK#{task_id}"}, "sk": {"S": "TASK"}})
    system.clock.advance(seconds=48 * 3600)

    again = system.comment("/agent fix the login")

    assert again.json_body["duplicate"] is True
    with pytest.raises(NotFound):
        system.wiring.tasks.get(TaskId(task_id))


def test_half_a_character_in_a_command_is_refused_as_unreadable(system: System) -> None:
    made = sample("github", "issue_comment.created")
    comment = made.body["comment"]
    assert isinstance(comment, dict)
    body = json.dumps(made.body | {"comment": comment | {"body": "/agent fix \ud83d it"}})

    answer = system.hook(body.encode(), made.headers)

    assert (answer.status, answer.word("code")) == (400, "payload_invalid")


def test_an_error_of_ours_tells_nothing_of_the_inside(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("arn:aws:dynamodb secret inside")

    monkeypatch.setattr(DynamoTasks, "create", broken)

    answer = system.comment("/agent fix the login")

    assert answer.status == 500
    assert "inside" not in answer.text


def test_a_task_is_approved_by_a_comment_of_another_person(system: System) -> None:
    approval = ApprovalRule(kinds=("deploy",), by_requester=True)
    system.wiring.config.put(a_source(approval=approval))
    [task] = system.tasks_of(system.comment("/deploy to production"))

    answer = system.comment(f"/approve {task.id} go", key="d-2")

    after = system.wiring.tasks.get(task.id)
    assert task.status is TaskStatus.AWAITING_APPROVAL
    assert answer.json_body["notes"] == [f"approve {task.id}: it is pending"]
    assert after.status is TaskStatus.PENDING
    assert after.last_step.by.startswith("github:")
