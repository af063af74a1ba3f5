import json
from urllib.parse import urlencode

import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Answer, Author, ParsedPayload
from signalbox.models.request import InboundRequest
from signalbox.providers.github import tasks
from signalbox.providers.github.provider import GitHub
from tests.samples import names, request_of, sample


def recorded(name: str) -> InboundRequest:
    found = sample("github", name)
    return request_of("github", found.headers, found.raw)


def parsed(name: str) -> ParsedPayload:
    return GitHub().parse(recorded(name))


@pytest.mark.parametrize(
    "name", [name for name in names("github") if name not in {"ping", "star.created"}]
)
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    assert found.type == name
    assert [event.type for event in found.events] == [name]
    assert found.events[0].author
    assert found.events[0].occurred_at
    assert found.events[0].repository == "octo-org/railway"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("issue_comment.created", [("agent", "fix the login priority=high")]),
        ("issue_comment.edited", [("retest", "")]),
        ("issue_comment.deleted", []),
        ("issues.opened", []),
        ("issues.edited", [("agent", "find out since when")]),
        ("pull_request.edited", [("run", "the slow tests")]),
        (
            "pull_request_review.submitted",
            [("ask", "please add a test for the redirect\nand mention it in the changelog.")],
        ),
        ("pull_request_review_comment.created", [("agent", "use the helper here")]),
        ("discussion.created", [("agent", "list the lines that closed last year")]),
        ("discussion_comment.created", [("agent", "compare with the timetable of 2023")]),
        ("push", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[tuple[str, str]]) -> None:
    [event] = parsed(name).events

    found = new_commands(event, mention="signalbox")

    assert [(command.name, command.instruction) for command in found] == expected


def test_a_form_says_the_same_as_json() -> None:
    found = sample("github", "issue_comment.created")
    body = urlencode({"payload": found.raw}).encode()
    headers = found.headers | {"Content-Type": "application/x-www-form-urlencoded"}

    form = GitHub().parse(request_of("github", headers, body))

    assert form == parsed("issue_comment.created")


def test_a_ping_is_a_handshake() -> None:
    assert parsed("ping") == ParsedPayload(type="ping", handshake=Answer())


def test_an_event_that_is_not_read_is_ignored_whatever_its_body() -> None:
    request = request_of("github", {"X-GitHub-Event": "projects_v2_item"}, b"\xff")

    assert GitHub().parse(request) == ParsedPayload(
        type="projects_v2_item", ignored="the event projects_v2_item is not read"
    )


@pytest.mark.parametrize(
    "rest", [b'"issue":{"id":1}', b'"issue":{"id":1},"label":"x"', b'"issue":[]']
)
def test_an_action_that_is_not_read_is_ignored_whatever_else_is_odd(rest: bytes) -> None:
    body = b'{"action":"closed",%s}' % rest

    found = GitHub().parse(request_of("github", {"X-GitHub-Event": "issues"}, body))

    assert found == ParsedPayload(
        type="issues.closed", ignored="the event issues.closed is not read"
    )


def test_our_own_comment_is_ignored() -> None:
    body = {
        "action": "created",
        "issue": {"id": 1},
        "comment": {"id": 2, "body": "Done.\n<!-- signalbox:task=tsk_1 -->"},
        "sender": {"login": "mira-okafor", "type": "User"},
    }

    found = GitHub().parse(
        request_of("github", {"X-GitHub-Event": "issue_comment"}, json.dumps(body).encode())
    )

    assert found.events == ()
    assert found.ignored == "the text is our own, by its marker"


def test_an_event_tells_who_wrote_its_text() -> None:
    found = sample("github", "issue_comment.created")

    [event] = GitHub().parse(request_of("github", found.headers, found.raw)).events

    assert event.writer == Author(name="mira-okafor")
    assert event.thread == "issue_comment:2090000311"


@pytest.mark.parametrize("event", ["", " ", "Issues", "issues ", "é", "\ud800", "a" * 65, "a.b"])
def test_a_header_that_names_no_event_is_refused(event: str) -> None:
    with pytest.raises(PayloadInvalid):
        GitHub().parse(request_of("github", {"X-GitHub-Event": event}, b"{}"))


def test_the_delivery_key_is_the_id_that_github_gives() -> None:
    request = request_of("github", {"X-GitHub-Delivery": "72d3162e-cc78-11e3"}, b"{}")

    assert GitHub().delivery_key(request) == "72d3162e-cc78-11e3"


def test_without_an_id_the_delivery_key_is_a_hash_of_the_body() -> None:
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    assert GitHub().delivery_key(request_of("github", {}, b"{}")) == f"sha256:{digest}"


def test_its_vocabulary_is_of_events_that_are_read_and_names_them_all() -> None:
    named = {event.partition(".")[0] for event in GitHub.events}

    assert named == set(tasks._READERS)
    assert all(tasks.is_read(*event.split(".", 1)) for event in GitHub.events)
    for event, reader in tasks._READERS.items():
        if reader.actions:
            assert {f"{event}.{action}" for action in reader.actions} <= set(GitHub.events)
