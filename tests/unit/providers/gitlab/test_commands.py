import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.gitlab.commands import author_of, command_text
from signalbox.providers.gitlab.payload import Payload, User

_MIRA = {"id": 21, "username": "mira-okafor"}
_URL = "https://GitLab.example.org/rail/railway/-/issues/1"
_PLACES = [
    ("note", "create", "note", "note"),
    ("issue", "open", "description", "issue"),
    ("work_item", "open", "description", "issue"),
    ("merge_request", "open", "description", "merge_request"),
]

places = pytest.mark.parametrize(("kind", "action", "field", "thread"), _PLACES)


def payload(field: str, text: str | None = "/run", **rest: object) -> Payload:
    attributes = {"id": 7, "author_id": 21, "url": _URL, field: text}
    return Payload.model_validate({"user": _MIRA, "object_attributes": attributes} | rest)


def edit(before: str | None) -> dict[str, object]:
    return {"description": {"previous": before, "current": "/run"}}


@places
def test_a_text_counts_when_it_is_first_written(
    kind: str, action: str, field: str, thread: str
) -> None:
    assert command_text(kind, action, payload(field)) == CommandText(
        text="/run", thread=f"gitlab.example.org/{thread}:7", writer=Author(name="mira-okafor")
    )


@pytest.mark.parametrize("kind", ["issue", "work_item", "merge_request"])
def test_an_edited_description_has_the_text_before(kind: str) -> None:
    text = command_text(kind, "update", payload("description", changes=edit("/ran")))

    assert (text.text, text.previous_text) == ("/run", "/ran")
    assert text.thread == command_text(kind, "open", payload("description")).thread


def test_a_first_description_of_an_issue_that_had_none_is_new() -> None:
    text = command_text("issue", "update", payload("description", changes=edit(None)))

    assert (text.text, text.previous_text) == ("/run", None)


def test_an_edited_comment_has_the_thread_of_the_first_and_no_text_before() -> None:
    first, edited = (
        command_text("note", action, payload("note")) for action in ("create", "update")
    )

    assert first == edited
    assert edited.previous_text is None


@pytest.mark.parametrize(
    ("kind", "action", "changes"),
    [
        ("issue", "update", {"labels": {"previous": [], "current": []}}),
        ("issue", "update", None),
        ("issue", "close", edit("/ran")),
        ("merge_request", "approved", None),
        ("pipeline", None, None),
        ("push", None, None),
    ],
)
def test_nothing_else_has_a_text(kind: str, action: str | None, changes: object) -> None:
    assert command_text(kind, action, payload("description", changes=changes)) == NO_TEXT


@places
def test_our_own_text_is_recognised(kind: str, action: str, field: str, thread: str) -> None:
    assert thread
    assert (
        command_text(kind, action, payload(field, "Done. <!-- signalbox:task=tsk_1 -->"))
        == OWN_TEXT
    )


def test_a_label_on_an_issue_that_we_opened_is_not_ours() -> None:
    ours = payload("description", "<!-- signalbox:task=tsk_1 -->", changes={})

    assert command_text("issue", "update", ours) == NO_TEXT


@pytest.mark.parametrize(
    "user", [None, {}, {"username": None, "name": "mira-okafor"}, {"username": ""}]
)
def test_a_text_whose_sender_has_no_username_does_not_count(user: object) -> None:
    assert command_text("note", "create", payload("note", user=user)) == NO_TEXT


@pytest.mark.parametrize("user", [{"id": 45, "username": "jonas-lind"}, {"username": "jonas-lind"}])
def test_the_writer_of_a_text_that_another_edits_is_not_named(user: object) -> None:
    text = command_text("note", "update", payload("note", user=user))

    assert (text.text, text.writer) == ("/run", None)


@pytest.mark.parametrize("kind", ["note", "issue"])
def test_an_event_without_its_object_is_refused(kind: str) -> None:
    with pytest.raises(PayloadInvalid, match="object_attributes is missing"):
        command_text(kind, "open", Payload())


def test_a_comment_without_an_id_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match=r"object_attributes\.id is missing"):
        command_text(
            "note",
            "create",
            Payload.model_validate({"user": _MIRA, "object_attributes": {"note": "/run"}}),
        )


@pytest.mark.parametrize(
    ("username", "automated"),
    [
        ("mira-okafor", False),
        ("abbot", False),
        ("project_117_bot", True),
        ("project_117_bot_4f1c2a9b", True),
        ("group_7_bot2", True),
        ("service_account_group_7_4f1c", True),
        ("renovate-bot", True),
        ("project_bot", False),
    ],
)
def test_a_bot_is_recognised_by_its_name(username: str, *, automated: bool) -> None:
    assert author_of(User(username=username)) == Author(name=username, automated=automated)


def test_a_text_is_bounded() -> None:
    assert len(command_text("note", "create", payload("note", "x" * 300_000)).text or "") == 262_144
