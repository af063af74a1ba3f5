import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.gitea.commands import REVIEWS, author_of, command_text
from signalbox.providers.gitea.payload import Payload, User

_SENDER = {"login": "mira-okafor"}
_PLACES = [
    ("issue_comment", "created", "comment", "comment"),
    ("pull_request_comment", "created", "comment", "comment"),
    ("issues", "opened", "issue", "issue"),
    ("pull_request", "opened", "pull_request", "pull_request"),
]

places = pytest.mark.parametrize(("event", "action", "part", "thread"), _PLACES)
reviews = pytest.mark.parametrize("event", sorted(REVIEWS))


def payload(action: str, part: str, body: str | None = "/run", **rest: object) -> Payload:
    written = {
        "id": 7,
        "body": body,
        "user": {"login": "mallory"},
        "html_url": "https://Git.example.org:3000/rail-org/railway/issues/1",
    }
    return Payload.model_validate({"action": action, part: written, "sender": _SENDER} | rest)


def review(content: str | None, **rest: object) -> Payload:
    facts = {"action": "reviewed", "review": {"content": content}, "sender": _SENDER} | rest
    return Payload.model_validate(facts)


@places
def test_a_text_counts_when_it_is_first_written(
    event: str, action: str, part: str, thread: str
) -> None:
    assert command_text(event, payload(action, part)) == CommandText(
        text="/run", thread=f"git.example.org:3000/{thread}:7", writer=Author(name="mallory")
    )


@places
def test_an_edit_has_the_text_that_stood_there_before(
    event: str, action: str, part: str, thread: str
) -> None:
    first = command_text(event, payload(action, part))
    edited = command_text(event, payload("edited", part, changes={"body": {"from": "/ran"}}))

    assert (edited.text, edited.previous_text) == ("/run", "/ran")
    assert edited.thread == first.thread == f"git.example.org:3000/{thread}:7"


@places
@pytest.mark.parametrize("now", ["deleted", "label_updated", "closed", "synchronized"])
def test_nothing_else_has_a_text(event: str, action: str, part: str, thread: str, now: str) -> None:
    assert action != now
    assert thread
    assert command_text(event, payload(now, part)) == NO_TEXT


@pytest.mark.parametrize("changes", [None, {}, {"title": {"from": "x"}}, {"body": None}])
def test_an_edit_that_left_the_text_alone_has_none(changes: object) -> None:
    assert command_text("issues", payload("edited", "issue", changes=changes)) == NO_TEXT


def test_a_first_text_where_nothing_stood_before_is_new() -> None:
    edited = payload("edited", "issue", changes={"body": {"from": None}})

    assert command_text("issues", edited).previous_text == ""


@reviews
def test_a_review_has_a_text_of_its_sender_and_no_thread(event: str) -> None:
    assert command_text(event, review("/retest")) == CommandText(
        text="/retest", writer=Author(name="mira-okafor")
    )


@reviews
def test_our_own_review_is_recognised(event: str) -> None:
    assert command_text(event, review("Done. <!-- signalbox:task=tsk_1 -->")) == OWN_TEXT


@pytest.mark.parametrize("action", ["created", "edited", "deleted"])
def test_our_own_comment_is_recognised(action: str) -> None:
    body = "Done. <!-- signalbox:task=tsk_1 -->\n/run"

    assert command_text("issue_comment", payload(action, "comment", body)) == OWN_TEXT


@pytest.mark.parametrize("sender", [None, {}, {"login": None}, {"login": ""}])
def test_a_text_whose_sender_is_not_named_does_not_count(sender: object) -> None:
    assert command_text("issue_comment", payload("created", "comment", sender=sender)) == NO_TEXT
    assert command_text("pull_request_review_comment", review("/run", sender=sender)) == NO_TEXT


@pytest.mark.parametrize("event", ["push", "release", "status", "workflow_run"])
def test_there_is_no_text_to_command_in(event: str) -> None:
    assert command_text(event, payload("created", "comment")) == NO_TEXT


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("issue_comment", "comment is missing"),
        ("pull_request_review_comment", "review is missing"),
    ],
)
def test_an_event_without_the_part_that_has_its_text_is_refused(event: str, reason: str) -> None:
    with pytest.raises(PayloadInvalid, match=reason):
        command_text(event, payload("created", "issue"))


@pytest.mark.parametrize(
    ("login", "automated"),
    [
        ("mira-okafor", False),
        ("gitea-actions", True),
        ("forgejo-actions", True),
        ("renovate[bot]", True),
        ("robot", False),
    ],
)
def test_a_bot_is_recognised_by_its_name(login: str, *, automated: bool) -> None:
    assert author_of(User(login=login)) == Author(name=login, automated=automated)


def test_a_text_is_bounded() -> None:
    text = command_text("issue_comment", payload("created", "comment", "x" * 300_000)).text

    assert len(text or "") == 262_144
