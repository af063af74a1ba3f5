import json

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid, SignatureInvalid
from signalbox.models.event import ParsedPayload
from signalbox.providers.bitbucket.provider import Bitbucket
from tests.samples import names, request_of, sample


def parsed(name: str) -> ParsedPayload:
    recorded = sample("bitbucket", name)
    return Bitbucket().parse(request_of("bitbucket", recorded.headers, recorded.raw))


def parsed_as(key: str, **payload: object) -> ParsedPayload:
    request = request_of("bitbucket", {"X-Event-Key": key}, json.dumps(payload).encode())
    return Bitbucket().parse(request)


@pytest.mark.parametrize("name", [name for name in names("bitbucket") if name != "repo.fork"])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    assert found.type == name
    assert {event.type for event in found.events} == {name}
    assert all(event.author for event in found.events)
    assert all(event.occurred_at for event in found.events)
    assert all(event.repository == "rail/railway" for event in found.events)


def test_every_event_that_is_read_is_recorded() -> None:
    assert set(Bitbucket.events) == {*names("bitbucket")} - {"repo.fork"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pullrequest.comment_created", [("run", "the login tests priority=high")]),
        (
            "pullrequest.comment_updated",
            [("run", "the login tests priority=high"), ("retest", "")],
        ),
        ("pullrequest.comment_deleted", []),
        ("pullrequest.created", [("run", "the slow tests")]),
        ("pullrequest.updated", []),
        ("issue.created", [("agent", "find out since when")]),
        ("issue.updated", [("agent", "fix the login")]),
        ("issue.comment_created", [("retest", "")]),
        ("repo.commit_comment_created", [("retest", "")]),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    [event] = parsed(name).events

    found = new_commands(event, mention="signalbox")

    assert [(command.name, command.instruction) for command in found] == expected


def test_a_comment_has_one_thread_however_often_it_is_edited() -> None:
    [first], [edited] = (
        parsed(f"pullrequest.comment_{action}").events for action in ("created", "updated")
    )

    assert first.thread == edited.thread


@pytest.mark.parametrize("key", ["repo:fork", "pullrequest:push", "pr:comment:added"])
def test_an_event_that_is_not_read_is_ignored_whatever_its_body(key: str) -> None:
    type_ = key.replace(":", ".")
    request = request_of("bitbucket", {"X-Event-Key": key}, b"\xff")

    assert Bitbucket().parse(request) == ParsedPayload(
        type=type_, ignored=f"the event {type_} is not read"
    )


@pytest.mark.parametrize("key", ["", " ", "push", "repo:", ":push", "repo:push ", "Repo:push", "é"])
def test_a_header_that_names_no_event_is_refused(key: str) -> None:
    with pytest.raises(PayloadInvalid, match="names no event"):
        parsed_as(key)


def test_a_push_that_changed_nothing_is_ignored() -> None:
    assert parsed_as("repo:push", push={"changes": []}) == ParsedPayload(
        type="repo.push", ignored="the push changed nothing"
    )


def test_our_own_comment_is_ignored() -> None:
    comment = {"id": 2, "content": {"raw": "Done.\n<!-- signalbox:task=tsk_1 -->"}}

    found = parsed_as("issue:comment_created", issue={"id": 1}, comment=comment)

    assert found.events == ()
    assert found.ignored == "the text is our own, by its marker"


def test_the_signature_of_github_is_not_looked_at() -> None:
    digest = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "X-Hub-Signature": ""}
    request = request_of("bitbucket", headers, b"Hello World!")

    with pytest.raises(SignatureInvalid):
        Bitbucket().verify(request, ["It's a Secret to Everybody"])


def test_the_delivery_key_is_the_id_that_bitbucket_gives() -> None:
    request = request_of("bitbucket", {"X-Request-UUID": "72d3162e-cc78"}, b"{}")

    assert Bitbucket().delivery_key(request) == "72d3162e-cc78"
