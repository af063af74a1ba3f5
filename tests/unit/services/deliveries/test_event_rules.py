"""The filter and the transform of a source, over what a delivery contains."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from signalbox.ingress.provider import WebhookProvider
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.errors import PayloadInvalid
from signalbox.models.expressions import MAX_STEPS
from signalbox.models.relations import GroupPolicy, TaskRelations
from signalbox.models.request import InboundRequest
from signalbox.models.slots import position_of
from signalbox.models.source import ApprovalRule, CommandPermission
from signalbox.models.source_rules import TaskTransform
from signalbox.models.task import Priority, Task, TaskStatus
from signalbox.providers.generic.provider import Generic
from signalbox.providers.github.provider import GitHub
from tests.builders import NOW
from tests.unit.services.receiving import ISSUE, SourceOfGitHub

LEFT_OUT = "issues.opened: the filter of the source leaves it out"


@pytest.mark.parametrize(
    "expression",
    [
        "event.repository == 'octo/hello'",
        "contains(event.labels, 'bug')",
        "payload.issue.number == `7`",
        "payload.issue.labels[?name == 'bug']",
        "headers.\"x-github-event\" == 'issues'",
        "event.type == 'issues.opened' && !(event.bot)",
    ],
)
def test_an_event_for_which_the_filter_is_true_makes_a_task(expression: str) -> None:
    source = SourceOfGitHub(filter=expression)

    result = source.receive()

    assert (result.status, len(result.tasks), result.notes) == (DeliveryStatus.ACCEPTED, 1, ())


@pytest.mark.parametrize(
    "expression",
    ["event.repository == 'octo/other'", "payload.no.such.member", "payload.issue.labels[?id]"],
)
def test_an_event_for_which_the_filter_is_not_true_is_ignored_with_a_note(expression: str) -> None:
    source = SourceOfGitHub(filter=expression)

    result = source.receive()

    assert (result.status, result.tasks) == (DeliveryStatus.IGNORED, ())
    assert result.notes == (LEFT_OUT,)
    assert source.deliveries.get(result.delivery).notes == (LEFT_OUT,)


def test_a_filter_leaves_out_commands_too_and_nobody_is_asked_for_permissions() -> None:
    source = SourceOfGitHub(filter="event.author == 'grace'", events=())
    comment: JsonValue = {"id": 5, "body": "/agent fix it", "user": {"login": "ada"}}

    result = source.receive({**ISSUE, "action": "created", "comment": comment}, "issue_comment")

    assert result.notes == ("issue_comment.created: the filter of the source leaves it out",)


def test_a_handshake_is_not_filtered() -> None:
    source = SourceOfGitHub(filter="event.repository == 'octo/other'")

    assert source.receive({"zen": "x"}, "ping").status is DeliveryStatus.HANDSHAKE


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("length(payload.none) > `1`", "length() does not take what it finds"),
        ("contains(payload.issue.number, '7')", "contains() does not take what it finds"),
        ("payload.", "it cannot be computed"),
    ],
)
def test_a_filter_that_fails_fails_the_delivery_which_is_answered_and_stored(
    expression: str, reason: str
) -> None:
    source = SourceOfGitHub(filter=expression)

    result = source.receive()

    stored = source.deliveries.get(result.delivery)
    assert (result.status, stored.status) == (DeliveryStatus.FAILED, DeliveryStatus.FAILED)
    assert stored.reason == f"filter cannot be applied: {reason}"
    assert stored.event == "issues.opened"


def test_a_filter_over_a_payload_that_takes_too_long_fails_the_delivery() -> None:
    source = SourceOfGitHub(filter="payload.numbers[?@ == `2`]")

    result = source.receive({**ISSUE, "numbers": [1] * MAX_STEPS})

    reason = source.deliveries.get(result.delivery).reason
    assert reason == "filter cannot be applied: it takes more than 200,000 steps"


def test_a_failed_delivery_becomes_a_task_once_the_filter_is_corrected() -> None:
    source = SourceOfGitHub(filter="length(payload.none) > `1`")
    failed = source.receive()
    source.configure(filter="event.author == 'ada'")

    replayed, again = source.reinterpret(failed), source.receive()

    assert (replayed.status, again.status) == (DeliveryStatus.ACCEPTED, DeliveryStatus.ACCEPTED)
    assert tuple(task.id for task in replayed.tasks) == again.tasks


def test_a_replay_filters_by_the_recorded_headers_as_the_first_time() -> None:
    source = SourceOfGitHub(filter='headers."x-github-event" == \'issues\' && !(headers."x-none")')
    received = source.receive()

    replayed = source.reinterpret(received)

    assert tuple(task.id for task in replayed.tasks) == received.tasks


def test_headers_that_are_not_recorded_cannot_be_read() -> None:
    source = SourceOfGitHub(filter='headers."x-hub-signature-256"')

    assert source.receive().notes == (LEFT_OUT,)


NUMBERED: JsonValue = {"properties": {"issue": {"required": ["number", "milestone"]}}}


def test_a_body_that_does_not_keep_to_the_schema_fails_is_answered_and_stored() -> None:
    source = SourceOfGitHub(body_schema=NUMBERED)

    result = source.receive()

    stored = source.deliveries.get(result.delivery)
    assert (result.status, stored.event) == (DeliveryStatus.FAILED, "issues.opened")
    assert stored.reason == (
        'the body does not keep to the schema: issue breaks the rule "required": ["milestone"]'
    )
    assert json.loads(source.deliveries.get_stored(result.delivery).body or b"") == ISSUE


def test_a_body_that_keeps_to_the_schema_makes_a_task_and_so_does_one_after_a_correction() -> None:
    source = SourceOfGitHub(body_schema=NUMBERED)
    failed = source.receive()
    source.configure(body_schema={"required": ["issue"]})

    replayed, again = source.reinterpret(failed), source.receive()

    assert (replayed.status, again.status) == (DeliveryStatus.ACCEPTED, DeliveryStatus.ACCEPTED)
    assert len(again.tasks) == 1


@pytest.mark.parametrize("event", ["ping", "star"])
def test_a_body_without_events_is_not_checked(event: str) -> None:
    source = SourceOfGitHub(body_schema={"not": {}})

    assert source.receive({"zen": "x"}, event).status is not DeliveryStatus.FAILED


def test_a_stored_schema_that_cannot_be_used_fails_the_delivery() -> None:
    source = SourceOfGitHub(body_schema={"type": "objekt"})

    result = source.receive()

    reason = source.deliveries.get(result.delivery).reason or ""
    assert reason.startswith("body_schema cannot be applied: type: 'objekt' is not valid")


def transformed(**fields: str) -> Task:
    source = SourceOfGitHub(transform=TaskTransform(**fields))
    return source.task(source.receive())


@pytest.mark.parametrize(
    ("field", "expression", "value"),
    [
        ("kind", "'triage'", "triage"),
        (
            "title",
            "join(' ', ['#', to_string(payload.issue.number), event.title])",
            "# 7 Login fails",
        ),
        ("title", "payload.issue.number", "7"),
        ("title", "'two\nlines'", "two lines"),
        ("description", "event.text", "It does."),
        ("instruction", "payload.issue.title", "Login fails"),
        ("arguments", "[payload.issue.number, event.author, payload.none]", ("7", "ada")),
        ("labels", "payload.issue.labels[].name", ("bug",)),
        ("labels", "'one'", ("one",)),
        ("labels", "`[]`", ()),
        ("priority", "contains(event.labels, 'bug') && 'High' || 'low'", Priority.HIGH),
        ("repository", "'octo/other'", "octo/other"),
        ("branch", "'main'", "main"),
        ("url", "payload.issue.html_url", "https://github.com/octo/hello/issues/7"),
        ("not_before", "`600`", NOW + timedelta(minutes=10)),
        ("not_before", "'2026-03-01T15:00:00+02:00'", NOW + timedelta(hours=1)),
        ("not_before", "'2026-03-01T11:59:59Z'", None),
    ],
)
def test_a_transform_sets_a_field_of_the_task(field: str, expression: str, value: object) -> None:
    task = transformed(**{field: expression})

    assert getattr(task, field) == value
    assert (task.origin.event, task.history[0].status) == ("issues.opened", TaskStatus.PENDING)


@pytest.mark.parametrize("nothing", ["payload.none", "event.author == 'grace' && 'high'"])
def test_a_transform_that_yields_null_or_false_leaves_the_field_as_it_is(nothing: str) -> None:
    task = transformed(title=nothing, labels=nothing, priority=nothing, group=nothing)

    assert (task.title, task.labels, task.priority) == ("Login fails", ("bug",), Priority.NORMAL)
    assert task.relations is None


PULL_REQUEST = "join('#', [event.repository, to_string(payload.issue.number)])"


@pytest.mark.parametrize(
    ("fields", "relations"),
    [
        ({"group": PULL_REQUEST}, TaskRelations(group="octo/hello#7")),
        ({"group": "payload.issue.number"}, TaskRelations(group="7")),
        ({"group": "'two\nlines'"}, TaskRelations(group="two lines")),
        (
            {"group": PULL_REQUEST, "group_policy": "'Latest'", "cancel_running": "`true`"},
            TaskRelations(
                group="octo/hello#7", group_policy=GroupPolicy.LATEST, cancel_running=True
            ),
        ),
        (
            {"group": "'a'", "group_policy": "payload.none", "cancel_running": "`false`"},
            TaskRelations(group="a"),
        ),
        ({"group_policy": "'latest'"}, None),
    ],
)
def test_a_transform_puts_the_task_in_a_group(
    fields: dict[str, str], relations: TaskRelations | None
) -> None:
    assert transformed(**fields).relations == relations


def test_the_name_of_a_group_is_shortened_so_that_long_names_stay_different() -> None:
    names = ["x" * 128, "x" * 128 + "a", "x" * 128 + "b"]

    groups = [group_of(transformed(group=f"'{name}'")) for name in names]

    assert groups[0] == names[0]
    assert [len(group) for group in groups] == [128] * 3
    assert len(set(groups)) == 3


def group_of(task: Task) -> str:
    assert task.relations
    assert task.relations.group
    return task.relations.group


def test_a_command_is_in_the_group_of_its_event() -> None:
    source = SourceOfGitHub(
        events=(), transform=TaskTransform(group="'one'"), permission=CommandPermission.OFF
    )
    comment: JsonValue = {"id": 5, "body": "/agent fix it", "user": {"login": "ada"}}

    task = source.task(
        source.receive({**ISSUE, "action": "created", "comment": comment}, "issue_comment")
    )

    assert (task.kind, group_of(task)) == ("agent", "one")


def test_a_task_that_is_made_later_has_the_place_of_its_webhook_in_the_group() -> None:
    source = SourceOfGitHub(filter="length(payload.none) > `1`")
    early = source.receive()
    source.configure(transform=TaskTransform(group="'one'", group_policy="'latest'"))
    source.clock.advance(seconds=60)
    late = source.task(source.receive(key="d-2"))
    source.clock.advance(seconds=60)

    [replayed] = source.reinterpret(early).tasks

    assert replayed.created_at > late.created_at
    assert position_of(replayed) < position_of(late)


@pytest.mark.parametrize(
    ("field", "expression", "reason"),
    [
        ("title", "payload.issue", "transform.title yields no text"),
        ("title", "''", "transform.title yields no text"),
        ("title", "`true`", "transform.title yields no text"),
        ("labels", "payload.issue.labels", "transform.labels yields no text"),
        ("priority", "event.title", "transform.priority yields no priority, which is high, normal"),
        ("kind", "event.title", "transform.kind yields no kind, which has letters"),
        ("url", "'javascript:alert(1)'", "transform.url yields no URL"),
        ("not_before", "`40000000`", "transform.not_before yields no time within a year"),
        ("not_before", "`1e300`", "transform.not_before yields no time within a year"),
        ("not_before", "'tomorrow'", "transform.not_before yields no time within a year"),
        ("not_before", "`true`", "transform.not_before yields no time within a year"),
        ("group", "payload.issue", "transform.group yields no text"),
        ("group", "''", "transform.group yields no text"),
        (
            "group_policy",
            "event.title",
            "transform.group_policy yields no policy of a group, which",
        ),
        ("cancel_running", "event.title", "transform.cancel_running yields no true or false"),
        ("url", "length(payload.none)", "transform.url cannot be applied: length() does not take"),
    ],
)
def test_a_transform_that_yields_what_the_field_cannot_be_fails_the_delivery(
    field: str, expression: str, reason: str
) -> None:
    source = SourceOfGitHub(transform=TaskTransform(**{field: expression}))

    result = source.receive()

    stored = source.deliveries.get(result.delivery)
    assert (stored.status, result.tasks) == (DeliveryStatus.FAILED, ())
    assert (stored.reason or "").startswith(reason)
    assert "Login" not in (stored.reason or "")


def test_a_command_keeps_what_it_says_and_gets_labels_and_priority() -> None:
    transform = TaskTransform(
        kind="'other'", title="'Other'", instruction="'other'", labels="['x']", priority="'low'"
    )
    source = SourceOfGitHub(events=(), transform=transform, permission=CommandPermission.OFF)
    comments: list[dict[str, Any]] = [
        {"id": number, "body": body, "user": {"login": "ada"}}
        for number, body in enumerate(("/agent fix it", "/agent fix it priority=high"))
    ]

    plain, urgent = (
        source.task(
            source.receive(
                {**ISSUE, "action": "created", "comment": comment},
                "issue_comment",
                key=f"d-{comment['id']}",
            )
        )
        for comment in comments
    )

    assert (plain.kind, plain.title, plain.instruction) == ("agent", "agent: fix it", "fix it")
    assert (plain.labels, plain.priority) == (("x",), Priority.LOW)
    assert urgent.priority is Priority.HIGH


def test_a_transform_of_the_kind_evades_no_approval() -> None:
    source = SourceOfGitHub(
        approval=ApprovalRule(kinds=("issues.*",)), transform=TaskTransform(kind="'harmless'")
    )

    task = source.task(source.receive())

    assert (task.kind, task.status) == ("harmless", TaskStatus.AWAITING_APPROVAL)


def test_a_copy_of_a_delivery_creates_its_task_once_whatever_the_transform_yields() -> None:
    source = SourceOfGitHub(transform=TaskTransform(title="'one'"))
    first = source.receive()
    source.configure(transform=TaskTransform(title="'two'", kind="'other'"))

    second = source.receive()

    assert (second.duplicate, second.tasks) == (True, first.tasks)
    assert source.task(second).title == "one"


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("provider", "media_type", "body", "document"),
    [
        (GitHub(), "application/json", b'{"a": 1}', {"a": 1}),
        (GitHub(), FORM, b"payload=%7B%22a%22%3A1%7D", {"a": 1}),
        (GitHub(), FORM, b"command=%2Fagent&text=x", {"command": "/agent", "text": "x"}),
        (Generic(), "text/plain", b"a text", "a text"),
        (Generic(), FORM, b"a=1&b=2", {"a": "1", "b": "2"}),
    ],
)
def test_the_document_of_a_request_is_its_decoded_body(
    provider: WebhookProvider, media_type: str, body: bytes, document: JsonValue
) -> None:
    headers = {"content-type": media_type}
    request = InboundRequest(method="POST", path="/", headers=headers, body=body)

    assert json.dumps(provider.document(request)) == json.dumps(document)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_a_body_that_cannot_be_decoded_is_no_document(body: bytes) -> None:
    request = InboundRequest(method="POST", path="/", headers={}, body=body)

    with pytest.raises(PayloadInvalid):
        GitHub().document(request)
