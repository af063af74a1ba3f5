import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.github.commands import command_text
from signalbox.providers.github.payload import Payload

_SENDER = {"login": "mira-okafor", "type": "User"}
_WRITER = {"login": "mallory", "type": "User"}
_PLACES = [
    ("issue_comment", "created", "comment"),
    ("issues", "opened", "issue"),
    ("pull_request", "opened", "pull_request"),
    ("pull_request_review", "submitted", "review"),
    ("pull_request_review_comment", "created", "comment"),
    ("discussion", "created", "discussion"),
    ("discussion_comment", "created", "comment"),
]


def payload(
    action: str,
    part: str,
    body: str | None = "/run",
    *,
    user: object = None,
    html_url: str | None = None,
    **rest: object,
) -> Payload:
    written = {"id": 7, "body": body, "user": user, "html_url": html_url}
    facts = {"action": action, part: written, "sender": _SENDER} | rest
    return Payload.model_validate(facts)


@pytest.mark.parametrize(("event", "action", "part"), _PLACES)
def test_a_text_speaks_when_it_is_first_written(event: str, action: str, part: str) -> None:
    assert command_text(event, payload(action, part)) == CommandText(
        text="/run", thread=f"{event}:7"
    )


@pytest.mark.parametrize(("event", "_action", "part"), _PLACES)
def test_an_edit_says_what_stood_there_before(event: str, _action: str, part: str) -> None:
    edited = payload("edited", part, changes={"body": {"from": "/ran"}})

    response = command_text(event, edited)

    assert response == CommandText(text="/run", previous_text="/ran", thread=f"{event}:7")


@pytest.mark.parametrize(("event", "_action", "part"), _PLACES)
@pytest.mark.parametrize("action", ["deleted", "labeled", "dismissed", "pinned"])
def test_nothing_else_speaks(event: str, _action: str, part: str, action: str) -> None:
    assert command_text(event, payload(action, part)) == NO_TEXT


def test_a_first_text_where_nothing_stood_before_is_new() -> None:
    edited = payload("edited", "issue", changes={"body": {"from": None}})

    assert command_text("issues", edited).previous_text == ""


@pytest.mark.parametrize("changes", [None, {}, {"title": {"from": "x"}}, {"body": None}])
def test_an_edit_that_left_the_text_alone_says_nothing(changes: object) -> None:
    edited = payload("edited", "issue", changes=changes)

    assert command_text("issues", edited) == NO_TEXT


@pytest.mark.parametrize(("event", "action", "part"), _PLACES)
def test_who_wrote_a_text_is_told_beside_who_sent_it(event: str, action: str, part: str) -> None:
    before = {"body": {"from": "/ran"}}

    first = command_text(event, payload(action, part, user=_WRITER))
    edited = command_text(event, payload("edited", part, user=_WRITER, changes=before))

    assert first.writer == edited.writer == Author(name="mallory")


def test_nobody_is_told_to_have_written_what_a_deleted_account_wrote() -> None:
    assert command_text("issues", payload("opened", "issue", user=None)).writer is None


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({"old_issue": {"id": 1}, "old_repository": {"full_name": "octo/old"}}, True),
        ({"old_issue": None, "old_repository": {}}, True),
        ({"old_issue": {}}, True),
        ({"old_issue": None, "old_repository": None}, False),
        ({}, False),
        (None, False),
    ],
)
@pytest.mark.parametrize(
    ("event", "action", "part"), [("issues", "opened", "issue"), _PLACES[5]], ids=["issue", "topic"]
)
def test_what_came_by_a_transfer_is_told_to_be_moved(
    event: str, action: str, part: str, changes: object, *, moved: bool
) -> None:
    response = command_text(event, payload(action, part, changes=changes))

    assert (response.text, response.moved) == ("/run", moved)


def test_two_hosts_count_their_comments_apart() -> None:
    hosts = (None, "https://github.com/a/b", "https://GitHub.example/a/b", "http://g:8443/a")

    threads = [
        command_text("issue_comment", payload("created", "comment", html_url=url)).thread
        for url in hosts
    ]

    assert threads == [
        "issue_comment:7",
        "issue_comment:7",
        "github.example/issue_comment:7",
        "g:8443/issue_comment:7",
    ]


def test_an_empty_text_is_empty_and_not_missing() -> None:
    assert command_text("issues", payload("opened", "issue", None)).text == ""


@pytest.mark.parametrize("action", ["created", "edited", "deleted"])
def test_our_own_text_is_known(action: str) -> None:
    body = "Done. <!-- signalbox:task=tsk_1 -->\n/run"

    assert command_text("issue_comment", payload(action, "comment", body)) == OWN_TEXT


def test_a_label_on_an_issue_that_we_opened_is_not_ours() -> None:
    body = "<!-- signalbox:task=tsk_1 -->"

    assert not command_text("issues", payload("labeled", "issue", body)).ours


@pytest.mark.parametrize("sender", [None, {}, {"login": None}, {"login": ""}])
def test_words_of_nobody_are_not_heard(sender: object) -> None:
    assert command_text("issue_comment", payload("created", "comment", sender=sender)) == NO_TEXT


@pytest.mark.parametrize("event", ["push", "workflow_run", "check_run", "release"])
def test_there_is_no_text_to_command_in(event: str) -> None:
    assert command_text(event, payload("created", "comment")) == NO_TEXT


def test_a_comment_event_without_its_comment_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^comment is missing$"):
        command_text("issue_comment", payload("created", "issue"))


def test_a_review_event_without_its_review_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"^review is missing$"):
        command_text("pull_request_review", payload("submitted", "comment"))


def test_a_text_is_bounded() -> None:
    response = command_text("issue_comment", payload("created", "comment", "x" * 300_000))

    assert len(response.text or "") == 262_144
