import pytest
from pydantic import JsonValue

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.event import Author
from signalbox.providers.generic.commands import author_of, command_text
from signalbox.providers.generic.payload import RequestDocument
from signalbox.providers.generic.settings import SourceRules

RULES = SourceRules(
    text="body.text",
    previous_text="body.before",
    thread="body.id",
    author="body.by",
    bot="body.bot",
)


def document(**body: JsonValue) -> RequestDocument:
    return RequestDocument({"headers": {}, "body": body})


def test_the_text_is_the_one_that_the_settings_name() -> None:
    found = command_text(RULES, document(text="/run", before="/ran", id=7, by="mira"))

    assert found == CommandText(
        text="/run", previous_text="/ran", thread="7", writer=Author(name="mira")
    )


def test_a_text_without_anything_else_is_a_text_of_nobody() -> None:
    assert command_text(RULES, document(text="/run")) == CommandText(text="/run")


@pytest.mark.parametrize("text", [None, {}, [], True])
def test_what_is_no_text_has_no_commands(text: JsonValue) -> None:
    assert command_text(RULES, document(text=text)) == NO_TEXT


def test_a_source_that_names_no_text_has_no_commands() -> None:
    assert command_text(SourceRules(), document(text="/run")) == NO_TEXT


def test_a_text_that_we_wrote_is_our_own() -> None:
    assert command_text(RULES, document(text="<!-- signalbox:task=tsk_1 -->\n/run")) == OWN_TEXT


def test_texts_are_bounded() -> None:
    found = command_text(RULES, document(text="x" * 300_000, before="x" * 300_000))

    assert len(found.text or "") == len(found.previous_text or "") == 262_144


@pytest.mark.parametrize(("bot", "automated"), [(True, True), (False, False), (None, False)])
def test_a_bot_is_marked_by_its_expression(bot: JsonValue, *, automated: bool) -> None:
    author = author_of(RULES, document(by="sync", bot=bot))

    assert author == Author(name="sync", automated=automated)


@pytest.mark.parametrize("name", [None, "", {}, True])
def test_nobody_is_an_author_who_is_not_named(name: JsonValue) -> None:
    assert author_of(RULES, document(by=name, bot=True)) is None
