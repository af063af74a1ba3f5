from typing import Any

import pytest

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText
from signalbox.models.command_grammar import new_commands
from signalbox.models.event import Author
from signalbox.providers.slack.commands import (
    interaction_text,
    message_text,
    plain,
    sender_of,
    slash_text,
)
from signalbox.providers.slack.payload import Envelope, Interaction, SlashCommand, read_event
from signalbox.providers.slack.tasks import interaction_event, message_event, slash_event

BOT: dict[str, Any] = {"user_id": "U0BOT", "is_bot": True}
ADA = Author(name="U1")


def envelope(event: dict[str, Any], **rest: Any) -> Envelope:
    whole = {"type": "event_callback", "api_app_id": "A1", "authorizations": [BOT]} | rest
    return Envelope.model_validate(whole | {"event": event})


def message(text: str | None = "<@U0BOT> run x", **rest: Any) -> dict[str, Any]:
    facts = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.2", "text": text}
    return facts | rest


def text_of(event: dict[str, Any], **rest: Any) -> CommandText:
    found = envelope(event, **rest)
    return message_text(found, read_event(found))


def commands_in(event: dict[str, Any], **rest: Any) -> list[tuple[str, str]]:
    found = envelope(event, **rest)
    made = message_event(found, read_event(found), text_of(event, **rest))
    return [
        (command.name, command.instruction) for command in new_commands(made, mention="signalbox")
    ]


def slash_commands(command: str, text: str | None, mention: str = "signalbox") -> list[str]:
    slash = SlashCommand(command=command, text=text, user_id="U1")
    event = slash_event(slash, slash_text(slash))
    found = new_commands(event, mention=mention, known={"run", "retest", "agent"})
    return [f"{each.name}({each.instruction})" for each in found]


def interaction_commands(**facts: Any) -> list[tuple[str, str]]:
    interaction = Interaction.model_validate({"user": {"id": "U1"}} | facts)
    event = interaction_event(interaction, interaction_text(interaction))
    found = new_commands(event, mention="signalbox")
    return [(command.name, command.instruction) for command in found]


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        (None, ""),
        ("a &amp; b &lt;c&gt; &quot;", "a & b <c> &quot;"),
        ("&amp;lt;", "&lt;"),
        ("see <https://example.com/a?b=1&amp;c=2>", "see https://example.com/a?b=1&c=2"),
        ("<https://example.com|example.com>.", "https://example.com."),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("<@U0BOT|signalbox> run", "<@U0BOT> run"),
        ("<#C1|general> <!here> <@U1>", "<#C1|general> <!here> <@U1>"),
        ("a ```/run x``` b", "a \n```\n/run x\n```\n b"),
        ("a\n```\n/run x\n```\nb", "a\n```\n/run x\n```\nb"),
        ("<http:" * 3, "<http:" * 3),
    ],
)
def test_a_text_is_read_as_it_was_typed(written: str | None, typed: str) -> None:
    assert plain(written) == typed


def test_a_message_is_a_text_for_commands() -> None:
    assert text_of(message()) == CommandText(
        text="<@U0BOT> run x", thread="message:C1:1.2", writer=ADA, mention="<@U0BOT>"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<@U0BOT> run x", [("run", "x")]),
        ("<@U0BOT|signalbox>: run x", [("run", "x")]),
        ("<@U0BOT>run x", [("run", "x")]),
        ("The build fails.\n<@U0BOT> fix it", [("ask", "fix it")]),
        ("<@U0BOT> run a\n<@U0BOT> run b", [("run", "a"), ("run", "b")]),
        ("@signalbox run x", [("run", "x")]),
        ("thanks <@U0BOT> run x", []),
        ("&gt; <@U0BOT> run x", []),
        ("```<@U0BOT> run x```", []),
        ("```\ncode```\n<@U0BOT> run x", [("run", "x")]),
        ("<@U0OTHER> run x", []),
        ("", []),
        (None, []),
    ],
)
def test_a_line_that_begins_with_our_mention_is_a_command(
    text: str | None, found: list[tuple[str, str]]
) -> None:
    assert commands_in(message(text)) == found
    assert commands_in(message(text, type="app_mention")) == found


def test_a_mention_and_its_message_name_the_same_thread() -> None:
    assert text_of(message()) == text_of(message(type="app_mention"))


def test_without_an_authorization_the_mention_that_an_app_mention_begins_with_is_ours() -> None:
    assert commands_in(message(type="app_mention"), authorizations=None) == [("run", "x")]
    assert commands_in(message("do <@U0BOT>", type="app_mention"), authorizations=None) == []
    assert commands_in(message(), authorizations=None) == []


@pytest.mark.parametrize(
    "rest",
    [
        {"bot_id": "B1"},
        {"app_id": "A2"},
        {"bot_profile": {"app_id": "A2"}},
        {"subtype": "bot_message"},
        {"bot_id": "U1", "user": None},
    ],
)
def test_an_app_that_writes_is_a_bot(rest: dict[str, Any]) -> None:
    assert text_of(message(**rest)).writer == Author(name="U1", automated=True)


@pytest.mark.parametrize(
    "rest",
    [
        {"user": "U0BOT"},
        {"bot_id": "B1", "app_id": "A1"},
        {"bot_profile": {"app_id": "A1"}},
        {"metadata": {"event_type": "signalbox_task"}},
        {"text": "Done. <!-- signalbox:task=tsk_1 -->"},
        {"text": "Done. &lt;!-- signalbox:task=tsk_1 --&gt;"},
    ],
)
@pytest.mark.parametrize("type_", ["message", "app_mention"])
def test_a_message_of_our_own_is_known(rest: dict[str, Any], type_: str) -> None:
    own = message(**rest) | {"type": type_}

    assert text_of(own) == OWN_TEXT


def test_a_reaction_of_our_own_is_known_and_another_has_no_text() -> None:
    reaction = {"type": "reaction_added", "reaction": "eyes", "user": "U0BOT"}

    assert text_of(reaction) == OWN_TEXT
    assert text_of(reaction | {"user": "U1"}) == NO_TEXT


def changed(after: str, before: str | None, **rest: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "message": message(after, edited={"user": "U1", "ts": "2.0"}, **rest),
        "previous_message": message(before),
    }


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("<@U0BOT> run a", "<@U0BOT> run a\n<@U0BOT> run b", [("run", "b")]),
        ("<@U0BOT> run a", "<@U0BOT>  run  a", []),
        ("<@U0BOT> fix it", "<@U0BOT> fix all of it", []),
        ("hello", "<@U0BOT> run a", [("run", "a")]),
    ],
)
def test_an_edit_runs_what_is_new_in_it(
    before: str, after: str, found: list[tuple[str, str]]
) -> None:
    assert commands_in(changed(after, before)) == found


def test_an_edit_names_the_thread_of_its_message() -> None:
    assert text_of(changed("b", "a")).thread == text_of(message()).thread


@pytest.mark.parametrize(
    "event",
    [
        changed("<@U0BOT> run x", None),
        changed("<@U0BOT> run x", "a") | {"previous_message": None},
        changed("<@U0BOT> run x", "a") | {"message": None},
        {"type": "message", "subtype": "message_deleted", "previous_message": message()},
        message(type="app_mention", edited={"user": "U1", "ts": "2.0"}),
        message(user=None),
        message(user=""),
    ],
)
def test_without_a_text_before_or_a_sender_nothing_is_a_command(event: dict[str, Any]) -> None:
    assert text_of(event) == NO_TEXT


@pytest.mark.parametrize(
    ("edited", "sender"), [({"user": "U2"}, "U2"), ({"user": None}, "U1"), (None, "U1")]
)
def test_an_edit_is_sent_by_its_editor(edited: object, sender: str) -> None:
    event = changed("b", "a") | {"message": message("b", edited=edited)}

    assert sender_of(read_event(envelope(event))) == Author(name=sender)


def test_a_thread_needs_a_channel_and_a_timestamp() -> None:
    assert text_of(message(ts=None)).thread is None
    assert text_of(message(channel=None)).thread is None


@pytest.mark.parametrize(
    ("command", "text", "found"),
    [
        ("/signalbox", "run the slow tests", ["run(the slow tests)"]),
        ("/signalbox", "fix the login", ["ask(fix the login)"]),
        ("/signalbox", "see /signalbox/docs", ["ask(see /signalbox/docs)"]),
        ("/signalbox", None, []),
        ("/run", "the slow tests", ["run(the slow tests)"]),
        ("/retest", None, ["retest()"]),
        ("/deploy", "prod &amp; &lt;https://x.example&gt;", ["deploy(prod & <https://x.example>)"]),
        ("/デプロイ", "prod", []),
    ],
)
def test_a_slash_command_is_a_mention_or_a_command_by_its_name(
    command: str, text: str | None, found: list[str]
) -> None:
    assert slash_commands(command, text) == found


def test_a_slash_command_is_a_command_where_its_name_is_both() -> None:
    assert slash_commands("/agent", "fix it", mention="agent") == ["agent(fix it)"]


def test_a_slash_command_of_nobody_and_one_with_our_marker_command_nothing() -> None:
    own = SlashCommand(command="/run", text="<!-- signalbox:task=tsk_1 -->", user_id="U1")

    assert slash_text(SlashCommand(command="/run")) == NO_TEXT
    assert slash_text(own) == OWN_TEXT


def test_a_shortcut_is_the_command_that_it_is_named_after() -> None:
    assert interaction_commands(type="shortcut", callback_id="retest") == [("retest", "")]


@pytest.mark.parametrize("name", [None, "", "create_task", "a b", "x" * 40, "-run"])
def test_a_shortcut_whose_name_is_no_command_commands_nothing(name: str | None) -> None:
    assert interaction_commands(type="shortcut", callback_id=name) == []


def test_the_message_of_a_shortcut_is_quoted_below_its_command() -> None:
    said = {"text": "It fails\n/deploy prod\n<@U0BOT> run x", "ts": "1.2", "bot_id": "B7"}

    facts = {"type": "message_action", "callback_id": "agent", "channel": {"id": "C1"}}

    assert interaction_commands(**facts, message=said) == [
        ("agent", "> It fails\n> /deploy prod\n> <@U0BOT> run x")
    ]
    interaction = Interaction.model_validate(facts | {"message": said, "user": {"id": "U1"}})
    assert interaction_text(interaction).thread == "message:C1:1.2"
    assert interaction_text(interaction).writer == ADA


def test_a_shortcut_that_is_named_after_the_bot_asks_it() -> None:
    facts = {"type": "message_action", "callback_id": "signalbox", "message": {"text": "It fails"}}

    assert interaction_commands(**facts) == [("ask", "> It fails")]


@pytest.mark.parametrize(
    "said", [{"text": "Done. <!-- signalbox:x -->"}, {"text": "Done.", "app_id": "A1"}]
)
def test_a_shortcut_on_our_own_message_is_our_own(said: dict[str, Any]) -> None:
    facts = {"type": "message_action", "callback_id": "agent", "api_app_id": "A1", "message": said}

    assert interaction_text(Interaction.model_validate(facts)) == OWN_TEXT


@pytest.mark.parametrize(
    ("value", "instruction"),
    [("nightly", "nightly"), ("a\n/deploy prod", "a /deploy prod"), (None, "")],
)
def test_a_button_is_the_command_of_its_action_with_its_value(
    value: str | None, instruction: str
) -> None:
    facts = {"type": "block_actions", "actions": [{"action_id": "retest", "value": value}]}

    assert interaction_commands(**facts) == [("retest", instruction)]


@pytest.mark.parametrize(
    "facts",
    [
        {"type": "view_submission", "callback_id": "run"},
        {"type": "message_action", "callback_id": "run"},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": [None]},
        {"type": "block_actions", "actions": "x"},
        {"type": "shortcut", "callback_id": "run", "user": None},
        {"type": "shortcut", "callback_id": "run", "user": {"id": ""}},
    ],
)
def test_an_interaction_without_its_part_or_its_user_commands_nothing(
    facts: dict[str, Any],
) -> None:
    assert interaction_commands(**facts) == []


def test_a_button_with_our_marker_is_our_own() -> None:
    action = {"action_id": "run", "value": "<!-- signalbox:task=tsk_1 -->"}
    facts = {"type": "block_actions", "actions": [action], "user": {"id": "U1"}}

    assert interaction_text(Interaction.model_validate(facts)) == OWN_TEXT


def test_a_long_message_is_bounded() -> None:
    facts = {"type": "message_action", "callback_id": "agent", "message": {"text": "\n" * 300_000}}
    interaction = Interaction.model_validate(facts | {"user": {"id": "U1"}})

    assert len(interaction_text(interaction).text or "") == 262_144
