r"""The commands in what people write.

A command stands at the start of a line of its own, after at most three spaces:

    /name words              the line is the command
    @bot name words          the same, where the name is one of the known ones
    @bot anything else       the free form: a command named `ask`, whose instruction is all that
                             follows, to the end of the text

Between the mention and the words may stand a colon or a comma; `@bot[bot]` is the bot as well. HTML
comments, unclosed ones too, are taken out before anything is read, for nobody saw them. Lines in
fenced code, in quotes (`>`), in lists and indented by four columns are not commands. A line after a
quote that continues it lazily is one, although CommonMark would show it as quoted.

Words are separated by blanks. A quote (", ' or `) opens at the start of a word or right after
`key=` and holds blanks together; a backslash before the same quote keeps it from closing. A quote
that is never closed is ordinary text. Curly quotes count as straight ones.

A command is known again by its name and its words, however they are quoted and spaced; in the free
form by all that was said.

Every step is linear in the length of the text: no repeated part of a pattern can match one text in
two ways.
"""

import re
import shlex
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from signalbox.models.event import Command, Event

FREE_FORM: Final = "ask"
"""The name of a command given in free words."""

KNOWN: Final = frozenset({"agent", "cancel", "retest", "retry", "run", "status"})
"""The names that are commands after a mention; any other first word starts the free form."""

MARKER: Final = "<!-- signalbox:"
"""How a comment starts that we hide in what we write, to know our own words again."""

_COMMANDS = 10
_INSTRUCTION = 10_000
_ARGUMENTS = 50
_ARGUMENT = 2_000
_INDENT = 3

_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NAME = re.compile(r"([a-z][a-z0-9-]{1,31})(?![^ \t])", re.ASCII | re.IGNORECASE)
_LINE = r"""
    ^(?P<indent>[ \t]*)
    (?: (?P<list>(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*)
        (?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)
      | /(?P<name>[a-z][a-z0-9-]{1,31})(?![^ \t\n])(?P<rest>[^\n]*)
      | @MENTION(?:\[bot\])?(?:[ \t]*[:,]|(?=[ \t]))[ \t]*(?P<said>[^ \t\n][^\n]*)
    )
"""
_WORD = re.compile(
    r"""
    (?=\S)
    (?P<key>[^\W\d][\w-]*=)?
    (?:(?P<quote>["'`])(?P<quoted>(?:\\(?P=quote)|(?!\\?(?P=quote)).)*)(?P=quote))?
    (?P<plain>\S*)
    """,
    re.VERBOSE,
)
_STRAIGHT = str.maketrans("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b", "\"\"\"\"''''")


class _Fence(NamedTuple):
    """An open fence: what closes it, and up to which column that may stand."""

    mark: str
    reach: int


class _Spoken(NamedTuple):
    """A command before its words are told apart."""

    name: str
    words: str
    instruction: str
    line: int
    free_form: bool = False


def commands(text: str, *, mention: str, known: Collection[str] = KNOWN) -> tuple[Command, ...]:
    """The commands in a text, in order: ten at most, of identical ones the first.

    `mention` is the bot's name without `@`; where it is empty only `/name` is a command.
    """
    found: dict[tuple[str, str], Command] = {}
    said: set[tuple[str, str]] = set()
    for spoken in _spoken(_visible(text), mention, known):
        if (spoken.name, spoken.instruction) in said:
            continue
        said.add((spoken.name, spoken.instruction))
        command = _command(spoken)
        found.setdefault(identity(command), command)
        if len(found) == _COMMANDS:
            break
    return tuple(found.values())


@lru_cache(maxsize=2 * _COMMANDS)
def identity(command: Command) -> tuple[str, str]:
    """What makes a command this one and no other, beside where it stands."""
    if command.free_form:
        return command.name, command.instruction
    return command.name, shlex.join(_arguments(command.instruction))


def new_commands(
    event: Event, *, mention: str, known: Collection[str] = KNOWN
) -> tuple[Command, ...]:
    """The commands of an event; of an edit only those that did not stand there before.

    Free words that are edited are still the same request, whatever they say now.
    """
    said = commands(event.text or "", mention=mention, known=known)
    before = commands(event.previous_text or "", mention=mention, known=known)
    seen = {identity(command) for command in before}
    asked = any(command.free_form for command in before)
    return tuple(
        each for each in said if identity(each) not in seen and not (each.free_form and asked)
    )


def option(command: Command, key: str) -> str | None:
    """The value of a `key=value` argument, the last one if it is given twice."""
    pairs = (argument.partition("=") for argument in command.arguments)
    values = [value for name, sign, value in pairs if sign and name.casefold() == key.casefold()]
    return values[-1] if values else None


def marked(text: str) -> bool:
    """Whether the text is our own, by the marker we hide in it."""
    return MARKER in text


def _visible(text: str) -> str:
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _spoken(text: str, mention: str, known: Collection[str]) -> Iterator[_Spoken]:
    line = counted = 0
    fence: _Fence | None = None
    for match in _pattern(mention).finditer(text):
        if match["fence"]:
            fence = _fence_after(fence, match)
            continue
        if fence or _width(match["indent"]) > _INDENT:
            continue
        line += text.count("\n", counted, match.start())
        counted = match.start()
        name, words = match["name"], match["rest"]
        if name is None:
            name, words = _addressed(match["said"], known)
        if name is None:
            everything = text[match.start("said") : match.start("said") + _INSTRUCTION]
            yield _Spoken(FREE_FORM, words, everything.strip(), line, free_form=True)
            return
        words = words.strip()[:_INSTRUCTION]
        yield _Spoken(name.lower(), words, words, line)


def _addressed(said: str, known: Collection[str]) -> tuple[str | None, str]:
    """The known name that starts what was said to the bot, if one does, and the words after it."""
    name = _NAME.match(said)
    if name and name[1].lower() in known:
        return name[1], said[name.end() :]
    return None, said


@lru_cache(maxsize=64)
def _pattern(mention: str) -> re.Pattern[str]:
    bot = re.escape(mention.removeprefix("@")) or "(?!)"
    return re.compile(
        _LINE.replace("MENTION", bot), re.ASCII | re.IGNORECASE | re.MULTILINE | re.VERBOSE
    )


def _fence_after(fence: _Fence | None, match: re.Match[str]) -> _Fence | None:
    """What is open after a line that looks like a fence."""
    width = _width(match["indent"])
    if fence is None:
        if width > _INDENT:
            return None
        return _Fence(
            match["fence"], _INDENT + (width + _width(match["list"]) if match["list"] else 0)
        )
    closes = (
        match["fence"].startswith(fence.mark)
        and width <= fence.reach
        and not match["list"]
        and not match["info"].strip(" \t")
    )
    return None if closes else fence


def _width(blanks: str) -> int:
    return len(blanks.expandtabs(4))


def _command(spoken: _Spoken) -> Command:
    return Command(
        name=spoken.name,
        arguments=tuple(
            argument[:_ARGUMENT]
            for argument in islice(_arguments(spoken.words[:_INSTRUCTION]), _ARGUMENTS)
        ),
        instruction=spoken.instruction,
        line=spoken.line,
        free_form=spoken.free_form,
    )


def _arguments(words: str) -> Iterator[str]:
    for match in _WORD.finditer(words.translate(_STRAIGHT)):
        key, quote, quoted, plain = match.group("key", "quote", "quoted", "plain")
        inside = quoted.replace(f"\\{quote}", quote) if quote else ""
        yield f"{key or ''}{inside}{plain}"
