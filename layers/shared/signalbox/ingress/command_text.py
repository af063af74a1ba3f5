"""The text of an event in which people write commands, and the guard against our own."""

import re
from typing import Final

from signalbox.models.command_grammar import is_marked
from signalbox.models.event import Author
from signalbox.models.frozen import frozen

_MAX_TEXT: Final = 262_144
"""Characters; GitHub, which allows the longest texts, takes 65,536 or four times as many."""


@frozen
class CommandText:
    """A text that may hold commands; without any `text` where the event has none.

    Attributes:
        text: What is written now.
        previous_text: What was written before an edit.
        thread: Names the comment or description, and stays the same when it is edited.
        writer: Who wrote the text first.
        moved: Whether the text was written elsewhere and moved here.
        ours: Whether Signalbox wrote it.
        mention: What stands for `@` and the name of the bot in it, see `Event`.
    """

    text: str | None = None
    previous_text: str | None = None
    thread: str | None = None
    writer: Author | None = None
    moved: bool = False
    ours: bool = False
    mention: str | None = None


_COMMAND: Final = re.compile(r"[a-z][a-z0-9-]{1,31}", re.IGNORECASE)
NO_TEXT: Final = CommandText()
OWN_TEXT: Final = CommandText(ours=True)
IGNORED_AS_OWN: Final = "the text is our own, by its marker"
"""Why a delivery that only brings a text of ours is ignored."""


def bounded(text: str | None) -> str:
    """Return the text, cut to the longest that is read."""
    return (text or "")[:_MAX_TEXT]


def is_own(text: str | None) -> bool:
    """Return whether Signalbox wrote the text, which has a hidden marker then.

    Tasks are never made of such a text, so that what a worker reports starts no new task.
    """
    return is_marked(bounded(text))


def named_command(
    name: str | None, words: str = "", *, sender: Author | None, thread: str | None = None
) -> CommandText:
    """Return the text of a shortcut, a button or another command that has a name.

    There is none if the name is no command, or nobody sent it.
    """
    if is_own(words):
        return OWN_TEXT
    if sender is None or not name or not _COMMAND.fullmatch(name):
        return NO_TEXT
    mention = f"/{name}"
    text = bounded(f"{mention} {words}".rstrip())
    return CommandText(text=text, thread=thread, writer=sender, mention=mention)


def quoted(text: str | None) -> str:
    """Return a text as a quotation below a command, in which no line is a command."""
    return "".join(f"\n> {line}" for line in bounded(text).splitlines())
