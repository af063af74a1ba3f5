from typing import Any

import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.command_grammar import new_commands
from signalbox.models.event import Author
from signalbox.providers.discord.commands import author_of, command_text, component_text
from signalbox.providers.discord.payload import CommandData, ComponentData, Interaction, User
from signalbox.providers.discord.tasks import command_event

_APP = "1000"
_INTERACTION = Interaction(
    id="1", application_id=_APP, channel_id="5", member={"user": {"id": "7"}}
)
_ADA = Author(name="7")


def text_of(name: str, *options: dict[str, Any], **rest: Any) -> str | None:
    data = CommandData.model_validate({"name": name, "options": options} | rest)
    return command_text(_INTERACTION, data).text


def commands_in(name: str, *options: dict[str, Any], **rest: Any) -> list[tuple[str, ...]]:
    data = CommandData.model_validate({"name": name, "options": options} | rest)
    event = command_event(_INTERACTION, data, command_text(_INTERACTION, data))
    found = new_commands(event, mention="signalbox")
    return [(command.name, *command.arguments) for command in found]


def option(name: str, value: object) -> dict[str, Any]:
    return {"name": name, "type": 3, "value": value}


def subcommand(name: str, *options: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": 1, "options": options}


def on_message(name: str, **message: Any) -> CommandText:
    resolved = {"messages": {"9": {"id": "9"} | message}}
    data = {"name": name, "type": 3, "target_id": "9", "resolved": resolved}
    return command_text(_INTERACTION, CommandData.model_validate(data))


def test_a_slash_command_is_a_command_of_its_sender() -> None:
    data = CommandData(name="retest")

    assert command_text(_INTERACTION, data) == CommandText(
        text="/retest", writer=_ADA, mention="/retest"
    )


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ([], ()),
        ([option("text", "the slow tests")], ("the", "slow", "tests")),
        ([option("priority", "high"), option("text", "it")], ("it", "priority=high")),
        ([option("branch", "fix/login")], ("branch=fix/login",)),
        ([option("title", "the login")], ("title=the login",)),
        ([option("title", 'say "hi" now')], ('title=say "hi" now',)),
        ([option("title", "it's")], ("title=it's",)),
        ([option("title", "")], ("title=",)),
        ([option("count", 3), option("rate", 0.5)], ("count=3", "rate=0.5")),
        ([option("force", True), option("dry", False)], ("force=true", "dry=false")),
        ([option("text", "a\n/deploy prod")], ("a", "/deploy", "prod")),
        ([option("title", "a\n/deploy prod")], ("title=a /deploy prod",)),
        ([subcommand("slow", option("text", "x"))], ("slow", "x")),
        (
            [subcommand("tests", subcommand("slow", option("on", "main")))],
            ("tests", "slow", "on=main"),
        ),
        ([{"name": "slow", "type": 1}], ("slow",)),
    ],
)
def test_options_are_the_words_of_the_command(
    options: list[dict[str, Any]], arguments: tuple[str, ...]
) -> None:
    assert commands_in("run", *options) == [("run", *arguments)]


def test_a_slash_command_of_the_name_of_the_bot_is_a_mention() -> None:
    assert commands_in("signalbox", subcommand("run", option("text", "x"))) == [("run", "x")]
    assert text_of("signalbox", option("text", "fix it")) == "/signalbox fix it"
    assert commands_in("signalbox", option("text", "fix it")) == [("ask", "fix", "it")]


@pytest.mark.parametrize("name", ["", "x", "run_all", "実行", "a" * 33, "Fix this"])
def test_a_name_that_is_no_command_commands_nothing(name: str) -> None:
    assert text_of(name) is None


@pytest.mark.parametrize("member", [None, {}, {"user": None}])
def test_a_command_of_nobody_commands_nothing(member: Any) -> None:
    interaction = Interaction.model_validate({"member": member})

    assert command_text(interaction, CommandData(name="run")) == NO_TEXT


def test_a_command_on_a_user_commands_nothing() -> None:
    assert text_of("Agent", type=2, target_id="9") is None


def test_the_message_of_a_message_command_is_quoted_below_it() -> None:
    text = on_message("Agent", content="It fails\n/deploy prod", author={"id": "8", "bot": True})

    assert text == CommandText(
        text="/Agent \n> It fails\n> /deploy prod",
        thread="message:5:9",
        writer=_ADA,
        mention="/Agent",
    )


def test_a_message_command_without_its_message_commands_nothing() -> None:
    assert command_text(_INTERACTION, CommandData(name="Agent", type=3, target_id="9")) == NO_TEXT


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Done. <!-- signalbox:task=tsk_1 -->"},
        {"content": "Done.", "author": {"id": _APP}},
        {"content": "Done.", "application_id": _APP},
    ],
)
def test_a_command_on_our_own_message_is_our_own(message: dict[str, Any]) -> None:
    assert on_message("Agent", **message) == OWN_TEXT


def test_a_thread_needs_the_id_of_the_message() -> None:
    assert on_message("Agent", content="x", id=None).thread is None


@pytest.mark.parametrize(
    ("custom_id", "values", "text"),
    [
        ("retest", None, "/retest"),
        ("retest:nightly", None, "/retest nightly"),
        ("run:tests:slow", None, "/run tests:slow"),
        ("run:on", ("main", "dev"), "/run on main dev"),
        ("run", ("main\n/deploy",), "/run main /deploy"),
        ("run", (None,), "/run"),
        ("new_timetable", None, None),
        ("", None, None),
    ],
)
def test_a_component_is_the_command_in_its_custom_id(
    custom_id: str, values: Any, text: str | None
) -> None:
    data = ComponentData(custom_id=custom_id, values=values)

    assert component_text(_INTERACTION, data).text == text


def test_an_option_with_our_marker_is_our_own() -> None:
    data = CommandData.model_validate(
        {"name": "run", "options": [option("text", "<!-- signalbox:task=tsk_1 -->")]}
    )

    assert command_text(_INTERACTION, data) == OWN_TEXT


@pytest.mark.parametrize(
    ("user", "author"),
    [
        (None, None),
        (User(id="7", username="ada"), _ADA),
        (User(id="8", bot=True), Author(name="8", automated=True)),
    ],
)
def test_an_author_is_named_by_id(user: User | None, author: Author | None) -> None:
    assert author_of(user) == author
