import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.bitbucket.commands import author_of, command_text
from signalbox.providers.bitbucket.payload import Payload, User

_MIRA = {"account_id": "712020:mira"}
_WRITER = {"account_id": "712020:mallory"}
_REPOSITORY = {"uuid": "{cbdd}", "full_name": "rail/railway"}
_COMMENTS = [
    ("pullrequest.comment_created", "pullrequest_comment"),
    ("pullrequest.comment_updated", "pullrequest_comment"),
    ("issue.updated", "issue_comment"),
    ("issue.comment_created", "issue_comment"),
    ("repo.commit_comment_created", "commit_comment"),
]

comments = pytest.mark.parametrize(("type_", "thread"), _COMMENTS)


def payload(**parts: object) -> Payload:
    return Payload.model_validate({"actor": _MIRA, "repository": _REPOSITORY} | parts)


def a_comment(raw: str | None = "/run") -> dict[str, object]:
    return {"id": 7, "content": {"raw": raw}, "user": _WRITER}


@comments
def test_a_comment_counts_when_it_is_written_and_edited(type_: str, thread: str) -> None:
    assert command_text(type_, payload(comment=a_comment())) == CommandText(
        text="/run", thread=f"{{cbdd}}/{thread}:7", writer=Author(name="712020:mallory")
    )


@comments
def test_our_own_comment_is_recognised(type_: str, thread: str) -> None:
    assert thread
    ours = a_comment("Done. <!-- signalbox:task=tsk_1 -->")

    assert command_text(type_, payload(comment=ours)) == OWN_TEXT


@comments
@pytest.mark.parametrize("actor", [None, {}, {"nickname": "mira", "display_name": "Mira"}])
def test_a_comment_whose_sender_has_no_id_does_not_count(
    type_: str, thread: str, actor: object
) -> None:
    assert thread
    assert command_text(type_, payload(comment=a_comment(), actor=actor)) == NO_TEXT


def test_a_new_description_counts() -> None:
    pull = {"id": 5, "description": "/run", "author": _WRITER}
    issue = {"id": 5, "content": {"raw": "/run"}, "reporter": _WRITER}
    writer = Author(name="712020:mallory")

    of_pull = command_text("pullrequest.created", payload(pullrequest=pull))
    of_issue = command_text("issue.created", payload(issue=issue))

    assert of_pull == CommandText(text="/run", thread="{cbdd}/pullrequest:5", writer=writer)
    assert of_issue == CommandText(text="/run", thread="{cbdd}/issue:5", writer=writer)


@pytest.mark.parametrize(
    "type_",
    [
        "pullrequest.updated",
        "pullrequest.approved",
        "pullrequest.comment_deleted",
        "pullrequest.comment_resolved",
        "issue.updated",
        "repo.push",
    ],
)
def test_nothing_else_has_a_text(type_: str) -> None:
    parts = {"pullrequest": {"id": 5, "description": "/run"}, "issue": {"id": 5}}
    comment = {} if type_ == "issue.updated" else {"comment": a_comment()}

    assert command_text(type_, payload(**parts, **comment)) == NO_TEXT


@pytest.mark.parametrize("raw", [None, ""])
def test_an_empty_text_is_empty_and_not_missing(raw: str | None) -> None:
    assert command_text("issue.comment_created", payload(comment=a_comment(raw))).text == ""
    assert command_text("issue.comment_created", payload(comment={"id": 7})).text == ""
    assert command_text("issue.created", payload(issue={"id": 7})).text == ""


@pytest.mark.parametrize(
    ("repository", "thread"),
    [
        ({"full_name": "rail/railway"}, "rail/railway/issue_comment:7"),
        ({}, "/issue_comment:7"),
        (None, "/issue_comment:7"),
    ],
)
def test_a_thread_names_the_repository_as_well_as_it_can(repository: object, thread: str) -> None:
    text = command_text(
        "issue.comment_created", payload(comment=a_comment(), repository=repository)
    )

    assert text.thread == thread


@pytest.mark.parametrize(
    ("type_", "part"),
    [
        ("pullrequest.comment_created", "comment"),
        ("pullrequest.created", "pullrequest"),
        ("issue.created", "issue"),
    ],
)
def test_an_event_without_the_part_that_has_its_text_is_refused(type_: str, part: str) -> None:
    with pytest.raises(PayloadInvalid, match=f"{part} is missing"):
        command_text(type_, payload())


@pytest.mark.parametrize(
    ("user", "author"),
    [
        (User(account_id="1", username="ada", uuid="{2}"), Author(name="1")),
        (User(username="ada", uuid="{2}"), Author(name="ada")),
        (User(uuid="{2}", type="user"), Author(name="{2}")),
        (User(account_id="1", type="app_user"), Author(name="1", automated=True)),
        (User(), None),
        (None, None),
    ],
)
def test_an_author_has_the_id_that_nobody_can_change(
    user: User | None, author: Author | None
) -> None:
    assert author_of(user) == author


def test_a_text_is_bounded() -> None:
    long = payload(comment=a_comment("x" * 300_000))

    assert len(command_text("issue.comment_created", long).text or "") == 262_144
