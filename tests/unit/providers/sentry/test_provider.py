import pytest

from signalbox.models.command_grammar import new_commands
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Answer, Author, ParsedPayload
from signalbox.providers.sentry.provider import Sentry
from signalbox.providers.sentry.tasks import _READERS
from tests.samples import names, request_of, sample

NOT_READ = {"error.created", "installation.created", "installation.deleted"}


def parsed(name: str) -> ParsedPayload:
    recorded = sample("sentry", name)
    return Sentry().parse(request_of("sentry", recorded.headers, recorded.raw))


@pytest.mark.parametrize("name", [name for name in names("sentry") if name not in NOT_READ])
def test_a_recorded_event_is_read(name: str) -> None:
    found = parsed(name)

    assert found.type == name
    assert [event.type for event in found.events] == [name]
    assert found.events[0].author
    assert found.events[0].repository == "railway-web"


def test_every_event_that_is_read_has_a_sample_and_every_resource_a_reader() -> None:
    assert set(names("sentry")) - NOT_READ == set(Sentry.events)
    assert {event.partition(".")[0] for event in Sentry.events} == set(_READERS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("comment.created", ["run"]),
        ("comment.updated", ["run", "agent"]),
        ("comment.deleted", []),
        ("issue.created", []),
    ],
)
def test_the_commands_in_an_event_are_found(name: str, expected: list[str]) -> None:
    [event] = parsed(name).events

    assert [command.name for command in new_commands(event, mention="signalbox")] == expected


def test_a_comment_and_its_edit_have_the_same_thread() -> None:
    threads = {parsed(name).events[0].thread for name in ("comment.created", "comment.updated")}

    assert threads == {"comment:311"}


def test_an_event_of_a_comment_tells_who_wrote_it() -> None:
    [event] = parsed("comment.created").events

    assert event.author == event.writer == Author(name="Mira Okafor")


@pytest.mark.parametrize("action", ["created", "deleted"])
def test_an_installation_is_a_handshake(action: str) -> None:
    type_ = f"installation.{action}"

    assert parsed(type_) == ParsedPayload(type=type_, handshake=Answer())


@pytest.mark.parametrize("resource", ["error", "seer", "preprod_artifact"])
def test_a_resource_that_is_not_read_is_ignored_whatever_its_body(resource: str) -> None:
    request = request_of("sentry", {"Sentry-Hook-Resource": resource}, b"\xff")

    assert Sentry().parse(request) == ParsedPayload(
        type=resource, ignored=f"the resource {resource} is not read"
    )


def test_an_action_that_is_not_read_is_ignored_whatever_else_is_odd() -> None:
    body = b'{"action":"merged","data":[],"actor":1}'

    found = Sentry().parse(request_of("sentry", {"Sentry-Hook-Resource": "issue"}, body))

    assert found == ParsedPayload(type="issue.merged", ignored="the event issue.merged is not read")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"fields":[]}'])
def test_the_request_of_a_ui_component_is_ignored_with_any_body(body: bytes) -> None:
    found = Sentry().parse(request_of("sentry", {"Content-Type": "application/json"}, body))

    assert found.type == "ui_component"
    assert found.ignored


def test_our_own_comment_is_ignored() -> None:
    body = b'{"action":"created","data":{"comment":"<!-- signalbox:task=tsk_1 -->"}}'

    found = Sentry().parse(request_of("sentry", {"Sentry-Hook-Resource": "comment"}, body))

    assert found == ParsedPayload(
        type="comment.created", ignored="the text is our own, by its marker"
    )


@pytest.mark.parametrize("resource", [" ", "Issue", "issue ", "é", "\ud800", "a" * 65, "a.b"])
def test_a_header_that_names_no_resource_is_refused(resource: str) -> None:
    with pytest.raises(PayloadInvalid, match="names no resource"):
        Sentry().parse(request_of("sentry", {"Sentry-Hook-Resource": resource}, b"{}"))


def test_an_issue_without_a_body_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="the body cannot be read"):
        Sentry().parse(request_of("sentry", {"Sentry-Hook-Resource": "issue"}, b""))
