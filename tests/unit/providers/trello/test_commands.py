import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.event import Author
from signalbox.providers.trello.commands import author_of, command_text
from signalbox.providers.trello.payload import Action, Member

_MIRA = {"id": "5f3a1c2b", "username": "miraokafor", "fullName": "Mira Okafor"}
_OWN = "Done. <!-- signalbox:task=tsk_1 -->\n/run"


def action(kind: str, creator: object = _MIRA, **data: object) -> Action:
    return Action.model_validate(
        {"type": kind, "id": "7", "memberCreator": creator, "data": data},
    )


def edited(text: str | None, before: object) -> Action:
    return action("updateComment", action={"id": "3", "text": text}, old=before)


def described(text: str | None, before: object) -> Action:
    return action("updateCard", card={"id": "5", "desc": text}, old=before)


def test_a_comment_is_a_text_for_commands() -> None:
    assert command_text(action("commentCard", text="/run")) == CommandText(
        text="/run", thread="comment:7", writer=Author(name="miraokafor")
    )


def test_an_edited_comment_has_the_thread_of_the_comment_and_its_previous_text() -> None:
    assert command_text(edited("/run", {"text": "/ran"})) == CommandText(
        text="/run", previous_text="/ran", thread="comment:3", writer=Author(name="miraokafor")
    )


def test_the_previous_text_of_a_comment_may_be_unknown() -> None:
    assert command_text(edited("/run", None)).previous_text is None


def test_a_changed_description_is_a_text_for_commands() -> None:
    assert command_text(described("/run", {"desc": "/ran"})) == CommandText(
        text="/run", previous_text="/ran", thread="card:5", writer=Author(name="miraokafor")
    )
    assert command_text(described("/run", {"desc": None})).previous_text == ""


@pytest.mark.parametrize("before", [None, {}, {"name": "/run"}, {"idList": "1"}])
def test_another_change_of_a_card_has_no_text(before: object) -> None:
    assert command_text(described("/run", before)) == NO_TEXT


@pytest.mark.parametrize("kind", ["deleteComment", "createCard", "addLabelToCard"])
def test_what_is_deleted_and_other_actions_have_no_text(kind: str) -> None:
    other = action(kind, text="/run", action={"id": "3", "text": "/run"}, card={"desc": "/run"})

    assert command_text(other) == NO_TEXT


@pytest.mark.parametrize("kind", ["commentCard", "updateComment"])
def test_a_text_that_is_missing_is_empty_and_has_no_thread_without_an_id(kind: str) -> None:
    bare = Action.model_validate({"type": kind, "memberCreator": _MIRA})

    assert command_text(bare) == CommandText(text="", writer=Author(name="miraokafor"))


def test_a_text_that_we_wrote_is_our_own() -> None:
    assert command_text(action("commentCard", text=_OWN)) == OWN_TEXT
    assert command_text(edited(_OWN, {"text": ""})) == OWN_TEXT
    assert command_text(described(_OWN, {"desc": ""})) == OWN_TEXT


@pytest.mark.parametrize("creator", [None, {}, {"username": ""}, {"fullName": "Mira Okafor"}])
def test_a_text_of_nobody_is_not_read(creator: object) -> None:
    assert command_text(action("commentCard", creator, text="/run")) == NO_TEXT


def test_a_member_is_named_by_its_username() -> None:
    assert author_of(None) is None
    assert author_of(Member()) is None
    assert author_of(Member(username="miraokafor")) == Author(name="miraokafor")
