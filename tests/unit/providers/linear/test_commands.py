import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import Author
from signalbox.providers.linear.commands import command_text, sender_of, writer_of
from signalbox.providers.linear.payload import Data, Payload

_MIRA = {"id": "674c90c8", "name": "Mira Okafor", "type": "user"}
_JONAS = {"id": "e825c109", "type": "user"}
_OWN = "Done. <!-- signalbox:task=tsk_1 -->\n/run"


def payload(actor: object = _MIRA, before: object = None, **data: object) -> Payload:
    parts = {"actor": actor, "data": {"id": "7", **data}, "updatedFrom": before}
    return Payload.model_validate(parts)


def test_a_comment_is_a_text_for_commands() -> None:
    assert command_text("comment.create", payload(body="/run", userId="674c90c8")) == CommandText(
        text="/run", thread="comment:7", writer=Author(name="674c90c8")
    )


def test_an_edited_comment_has_its_previous_text() -> None:
    edited = payload(_JONAS, {"body": "/ran"}, body="/run", userId="674c90c8")

    assert command_text("comment.update", edited) == CommandText(
        text="/run", previous_text="/ran", thread="comment:7", writer=Author(name="674c90c8")
    )
    assert sender_of("comment.update", edited) == Author(name="e825c109")


def test_a_comment_that_was_empty_before_is_new() -> None:
    edited = payload(before={"body": None}, body="/run")

    assert command_text("comment.update", edited).previous_text == ""


@pytest.mark.parametrize("before", [None, {}, {"resolvedAt": None}])
def test_an_update_that_left_the_text_alone_has_no_text(before: object) -> None:
    assert command_text("comment.update", payload(before=before, body="/run")) == NO_TEXT


def test_the_description_of_a_new_issue_is_a_text_for_commands() -> None:
    created = payload(description="/run", creatorId="674c90c8")

    assert command_text("issue.create", created) == CommandText(
        text="/run", thread="issue:7", writer=Author(name="674c90c8")
    )


def test_a_description_that_changes_while_somebody_types_has_no_text() -> None:
    updated = payload(before={"description": ""}, description="/run the sl")

    assert command_text("issue.update", updated) == NO_TEXT


@pytest.mark.parametrize("event", ["comment.create", "issue.create"])
def test_a_text_that_is_missing_is_empty(event: str) -> None:
    assert command_text(event, payload()).text == ""


@pytest.mark.parametrize("event", ["comment.remove", "issue.remove"])
def test_what_is_removed_has_no_text(event: str) -> None:
    assert command_text(event, payload(body="/run", description="/run")) == NO_TEXT


@pytest.mark.parametrize("event", ["comment.create", "comment.update", "comment.remove"])
def test_a_comment_that_we_wrote_is_our_own(event: str) -> None:
    assert command_text(event, payload(before={"body": ""}, body=_OWN)) == OWN_TEXT


def test_an_issue_that_we_created_is_our_own_and_its_changes_are_not() -> None:
    ours = payload(description=_OWN)

    assert command_text("issue.create", ours) == OWN_TEXT
    assert command_text("issue.update", ours) == NO_TEXT


def test_a_text_of_nobody_is_not_read() -> None:
    assert command_text("comment.create", payload(None, body="/run")) == NO_TEXT
    assert command_text("issue.create", payload({"id": None}, description="/run")) == NO_TEXT


@pytest.mark.parametrize("event", ["comment.create", "issue.update"])
def test_an_event_without_its_data_is_refused(event: str) -> None:
    with pytest.raises(PayloadInvalid, match=r"^data is missing$"):
        command_text(event, Payload())


def test_without_an_actor_the_writer_of_a_text_is_the_sender() -> None:
    older = payload(None, body="/run", userId="674c90c8")

    for event in ("comment.create", "comment.update", "issue.create"):
        assert sender_of(event, older) == Author(name="674c90c8")
    for event in ("comment.remove", "issue.update"):
        assert sender_of(event, older) is None
    assert sender_of("comment.create", Payload()) is None


@pytest.mark.parametrize(
    ("kind", "automated"),
    [
        ("user", False),
        ("User", False),
        ("externalUser", False),
        (None, False),
        ("oauthClient", True),
        ("integration", True),
        ("application", True),
    ],
)
def test_every_actor_but_a_person_is_a_bot(kind: str | None, *, automated: bool) -> None:
    sent = payload({"id": "674c90c8", "type": kind})

    assert sender_of("issue.update", sent) == Author(name="674c90c8", automated=automated)


@pytest.mark.parametrize(
    ("data", "writer"),
    [
        ({}, None),
        ({"userId": "u"}, Author(name="u")),
        ({"user": {"id": "u", "name": "Mira Okafor"}}, Author(name="u")),
        ({"user": {"id": None}, "userId": "u"}, Author(name="u")),
        ({"creatorId": "c"}, Author(name="c")),
        ({"userId": None, "externalUserId": "e"}, Author(name="e")),
        ({"externalUserCreatorId": "e"}, Author(name="e")),
        ({"userId": "u", "botActor": {"type": "slack"}}, Author(name="u", automated=True)),
        ({"userId": "u", "botActor": '{"type":"slack"}'}, Author(name="u", automated=True)),
        ({"botActor": {"type": "slack"}}, None),
    ],
)
def test_a_writer_is_named_by_an_id(data: dict[str, object], writer: Author | None) -> None:
    assert writer_of(Data.model_validate({"id": "7", **data})) == writer
