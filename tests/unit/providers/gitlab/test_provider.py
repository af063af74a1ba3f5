import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.providers.gitlab.provider import GitLab
from tests.samples import names, request_of, sample

_IGNORED = {"emoji.award", "note.system"}
_TYPES = {"note.commit": "note.create"}
_HASH = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def parsed(name: str) -> ParsedPayload:
    recorded = sample("gitlab", name)
    return GitLab().parse(request_of("gitlab", recorded.headers, recorded.raw))


def parsed_of(**payload: object) -> ParsedPayload:
    return GitLab().parse(request_of("gitlab", {}, json.dumps(payload).encode()))


@pytest.mark.parametrize("name", [name for name in names("gitlab") if name not in _IGNORED])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    assert found.type == _TYPES.get(name, name)
    assert [event.type for event in found.events] == [found.type]
    assert found.events[0].author or name == "release.create"
    assert found.events[0].occurred_at or name == "tag_push"
    assert found.events[0].repository == "rail/railway"
    assert found.type in GitLab.events


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("note.create", [("run", "the login tests priority=high")]),
        ("note.update", [("agent", "use the helper here")]),
        ("note.commit", [("retest", "")]),
        ("issue.open", []),
        ("issue.update", []),
        ("work_item.open", [("run", "the migration test")]),
        ("merge_request.open", [("run", "the slow tests")]),
        ("merge_request.update", [("agent", "update the changelog")]),
        ("push", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    [event] = parsed(name).events

    found = new_commands(event, mention="signalbox")

    assert [(command.name, command.instruction) for command in found] == expected


def test_a_comment_that_gitlab_wrote_is_ignored() -> None:
    assert parsed("note.system") == ParsedPayload(
        type="note.create", ignored="GitLab itself wrote the comment"
    )


def test_a_comment_without_an_action_was_created() -> None:
    assert parsed_of(object_kind="note", object_attributes={"id": 1}).type == "note.create"


def test_our_own_comment_is_ignored() -> None:
    note = {"id": 1, "action": "create", "note": "Done. <!-- signalbox:task=tsk_1 -->"}

    found = parsed_of(object_kind="note", object_attributes=note)

    assert found.events == ()
    assert found.ignored == "the text is our own, by its marker"


@pytest.mark.parametrize("kind", ["emoji", "deployment", "feature_flag", "wiki_page"])
def test_a_kind_that_is_not_read_is_ignored_whatever_else_is_odd(kind: str) -> None:
    found = parsed_of(object_kind=kind, object_attributes=[], user=1)

    assert found == ParsedPayload(type=kind, ignored=f"the event {kind} is not read")


def test_the_events_of_system_hooks_are_ignored() -> None:
    assert parsed_of(event_name="project_create").ignored == "the event project_create is not read"


def test_an_action_that_is_not_read_is_ignored() -> None:
    found = parsed_of(object_kind="note", object_attributes={"action": "delete"})

    assert found.ignored == "the event note.delete is not read"


def test_a_test_of_an_issue_has_no_action_and_is_ignored() -> None:
    found = parsed_of(object_kind="issue", object_attributes={"id": 1, "description": "/run"})

    assert found.events == ()
    assert found.ignored == "the event issue has no action, as the button Test sends it"


def test_a_payload_of_a_custom_template_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="object_kind is missing"):
        parsed_of(text="anything")


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Idempotency-Key": "a", "webhook-id": "b", "X-Gitlab-Event-UUID": "c"}, "a"),
        ({"Idempotency-Key": " ", "webhook-id": "b"}, "b"),
        (
            {"X-Gitlab-Event-UUID": "13792a34-cac6-4fda-95a8-c58e00a3954e"},
            f"13792a34-cac6-4fda-95a8-c58e00a3954e:{_HASH}",
        ),
        ({"X-Gitlab-Event-UUID": "odd\r\n"}, _HASH),
        ({}, _HASH),
    ],
)
def test_a_delivery_has_the_best_id_that_gitlab_gives(headers: dict[str, str], key: str) -> None:
    assert GitLab().delivery_key(request_of("gitlab", headers, b"{}")) == key


def test_no_secret_is_kept() -> None:
    assert not {"x-gitlab-token", "webhook-signature"} & GitLab().recorded_headers
