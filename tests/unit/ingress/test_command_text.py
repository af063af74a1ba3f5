import pytest

from signalbox.ingress.command_text import (
    NO_TEXT,
    OWN_TEXT,
    CommandText,
    bounded,
    is_own,
    named_command,
    quoted,
)
from signalbox.models.command_grammar import parse_commands
from signalbox.models.event import Author

_ADA = Author(name="ada")


@pytest.mark.parametrize("text", ["<!-- signalbox:task=tsk_1 -->", "Done.\n<!-- signalbox:x -->"])
def test_a_text_with_our_marker_is_our_own(text: str) -> None:
    assert is_own(text)


@pytest.mark.parametrize("text", [None, "", "signalbox", "<!-- other:task=1 -->"])
def test_any_other_text_is_not(text: str | None) -> None:
    assert not is_own(text)


def test_a_text_is_cut_to_what_is_read() -> None:
    assert bounded(None) == ""
    assert len(bounded("x" * 300_000)) == 262_144


@pytest.mark.parametrize(("words", "text"), [("", "/Run"), ("a b", "/Run a b"), (" ", "/Run")])
def test_a_named_command_is_a_text_of_its_sender(words: str, text: str) -> None:
    assert named_command("Run", words, sender=_ADA, thread="7") == CommandText(
        text=text, thread="7", writer=_ADA, mention="/Run"
    )


@pytest.mark.parametrize("name", [None, "", "x", "a_b", "a b", "-a", "a" * 33, "\u00e9t\u00e9"])
def test_a_name_that_is_no_command_is_no_text(name: str | None) -> None:
    assert named_command(name, sender=_ADA) == NO_TEXT


def test_a_named_command_of_nobody_is_no_text_and_one_with_our_marker_is_ours() -> None:
    assert named_command("run", sender=None) == NO_TEXT
    assert named_command("run", "<!-- signalbox:x -->", sender=_ADA) == OWN_TEXT


def test_no_line_of_a_quotation_is_a_command() -> None:
    text = "/agent" + quoted("It fails\r\n/deploy\u2028@signalbox run\n```\n/run")

    [command] = parse_commands(text, mention="signalbox")

    assert command.name == "agent"
    assert command.instruction == "> It fails\n> /deploy\n> @signalbox run\n> ```\n> /run"


def test_a_quotation_of_nothing_is_empty() -> None:
    assert quoted(None) == quoted("") == ""
