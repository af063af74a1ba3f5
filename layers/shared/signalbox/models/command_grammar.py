r"""The grammar of commands in texts.

A command stands at the start of a line of its own, after at most three spaces:

    /name words              the line is the command
    @bot name words          the same, where the name is one of the known ones
    @bot anything else       the free form: a command named `ask`, whose instruction is all that
                             follows, to the end of the text

Between the mention and the words may stand a colon, a comma or line ends; `@bot[bot]` is the bot as
well. The lines below a command, down to the next one, belong to it: they are its instruction where
its own line has no words, and its description otherwise.

HTML comments, also unclosed ones, are removed first, since readers do not see them. Text that is
shown as code or as a quotation contains no commands: fenced and indented code, HTML blocks of the
first kind (`<pre>`, `<script>`, `<style>`, `<textarea>`) and of those that are hidden (`<?`, `<!X`,
CDATA), all by CommonMark 0.31, 4.6, and lines that start with `>`. Neither does a line that starts
with a list marker. A line after a quote that continues it lazily is a command, although CommonMark
would show it as quoted; so is a line within a list item that is indented by three columns at most.

Words are separated by blanks, those of Unicode included. A quote (", ' or `) opens at the start of
a word or right after `key=` and holds blanks together; a backslash before the same quote keeps it
from closing. A quote that is never closed is ordinary text. Typographic
characters count as typed ones: curly quotes as straight ones, a long dash before an option as `--`.

A command is identified by its name and its words, independent of quoting and spacing; in the free
form by the whole text.

Every step is linear in the length of the text: no repeated part of a pattern can match one text in
two ways.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from signalbox.models.event import Command, Event

FREE_FORM: Final = "ask"
"""The name of a command in free form."""

KNOWN_COMMANDS: Final = frozenset(
    {"agent", "approve", "cancel", "reject", "retest", "retry", "run", "status"}
)
"""The names that are commands after a mention; any other first word starts the free form."""

MARKER: Final = "<!-- signalbox:"
"""The start of a comment that is hidden in our own texts, to recognise them."""

_MAX_COMMANDS = 10
_MAX_INSTRUCTION = 10_000
_MAX_DESCRIPTION = 10_000
_MAX_ARGUMENTS = 50
_MAX_ARGUMENT = 2_000
_MAX_INDENT = 3

_BLANKS: Final = " \\t\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000"
"""The characters that separate words in a line, for a character class."""

_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NAME = re.compile(rf"([a-z][a-z0-9-]{{1,31}})(?![^{_BLANKS}])", re.ASCII | re.IGNORECASE)
_LINE = r"""
    ^(?P<indent>[ \t]*)
    (?: (?P<list>(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*)
        (?: (?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)
          | <(?: (?P<raw>pre|script|style|textarea)(?=[ \t>]|$) | (?P<hidden>\?|!\[CDATA\[|![a-z]) )
        )
      | /(?P<name>[a-z][a-z0-9-]{1,31})(?![^BLANKS\n])(?P<rest>[^\n]*)
      | @MENTION(?:\[bot\])?(?:[ \t]*[:,]|(?=[BLANKS]|$))[BLANKS]*(?P<said>[^\n]*)
    )
""".replace("BLANKS", _BLANKS)
_RAW_END = re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE)
_HIDDEN_ENDS: Final = {"?": "?>", "![CDATA[": "]]>"}
_WORD = re.compile(
    r"""
    (?=\S)
    (?P<key>[^\W\d][\w-]*=)?
    (?:(?P<quote>["'`])(?P<quoted>(?:\\(?P=quote)|(?!\\?(?P=quote)).)*)(?P=quote))?
    (?P<plain>\S*)
    """,
    re.VERBOSE,
)
_DASH = re.compile(r"^[\u2012-\u2015]{1,2}(?=[^\W\d_])")
_NOT_BLANK = re.compile(r"\S[^\n]*")
_STRAIGHT = str.maketrans("\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b", "\"\"\"\"''''")


class _Fence(NamedTuple):
    """An open code fence: its marker, and the column up to which it may be closed."""

    mark: str
    reach: int


class _RawCommand(NamedTuple):
    """A command before its words are split; `below` is the text below its line."""

    name: str
    words: str
    below: str
    line: int
    free_form: bool = False

    @property
    def instruction(self) -> str:
        """Return the words of its line, or the text below if it has none; in the free form both."""
        if self.free_form:
            return f"{self.words}{self.below}".strip()
        return self.words or self.below.strip()

    @property
    def description(self) -> str:
        """Return the text below its line that is not its instruction."""
        return self.below.strip() if self.words and not self.free_form else ""

    @property
    def is_long(self) -> bool:
        """Return whether something is cut off."""
        return len(self.instruction) > _MAX_INSTRUCTION or len(self.description) > _MAX_DESCRIPTION


class _Head(NamedTuple):
    """The line of a command, from `start` to `end` in the text."""

    name: str
    words: str
    line: int
    start: int
    end: int
    free_form: bool = False


def parse_commands(
    text: str, *, mention: str, known: Collection[str] = KNOWN_COMMANDS
) -> tuple[Command, ...]:
    """Return the commands in a text, in order: at most ten, and the first of identical ones.

    `mention` is the name of the bot without `@`; if it is empty only `/name` is a command.
    """
    found: dict[tuple[str, str], Command] = {}
    seen: set[tuple[str, str]] = set()
    for raw in _raw_commands(_visible(text), mention, known):
        if (raw.name, raw.instruction) in seen:
            continue
        seen.add((raw.name, raw.instruction))
        command = _command(raw)
        found.setdefault(command_identity(command), command)
        if len(found) == _MAX_COMMANDS:
            break
    return tuple(found.values())


@lru_cache(maxsize=2 * _MAX_COMMANDS)
def command_identity(command: Command) -> tuple[str, str]:
    """Return what identifies a command, apart from its position."""
    if command.free_form:
        return command.name, command.instruction
    import shlex  # noqa: PLC0415  few commands are compared

    return command.name, shlex.join(_arguments(command.instruction))


def new_commands(
    event: Event, *, mention: str, known: Collection[str] = KNOWN_COMMANDS
) -> tuple[Command, ...]:
    """Return the commands of an event; of an edit only those that the text did not contain before.

    Editing free text does not make a new request: neither after a mention nor below a command
    without words in its own line.
    """

    def commands_in(text: str) -> tuple[Command, ...]:
        written = _with_mention(text, event.mention or "", mention=mention, known=known)
        return parse_commands(written, mention=mention, known=known)

    found = commands_in(event.text or "")
    if not found or not event.previous_text:
        return found
    before = commands_in(event.previous_text)
    seen = {command_identity(command) for command in before}
    asked = {command.name for command in before if _in_free_words(command)}
    return tuple(
        each
        for each in found
        if command_identity(each) not in seen and not (_in_free_words(each) and each.name in asked)
    )


def _with_mention(text: str, written: str, *, mention: str, known: Collection[str]) -> str:
    """Return the text with `@mention` in place of what mentions the bot at a provider."""
    if written.startswith("/"):
        name = written[1:].casefold()
        is_bot = name == mention.casefold() and name not in known
        return text.replace(written, f"@{mention} ", 1) if is_bot else text
    return text.replace(written, f"@{mention} ") if written else text


def _in_free_words(command: Command) -> bool:
    return command.free_form or not command.arguments


def option_value(command: Command, key: str) -> str | None:
    """Return the value of a `key=value` argument, the last one if it is given twice."""
    pairs = (argument.partition("=") for argument in command.arguments)
    values = [value for name, sign, value in pairs if sign and name.casefold() == key.casefold()]
    return values[-1] if values else None


def is_marked(text: str) -> bool:
    """Return whether the text is our own, by its hidden marker."""
    return MARKER in text


def _visible(text: str) -> str:
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _raw_commands(text: str, mention: str, known: Collection[str]) -> Iterator[_RawCommand]:
    heads = _heads(text, _pattern(mention), known)
    head = next(heads, None)
    while head:
        following = None if head.free_form else next(heads, None)
        below = text[head.end : following.start if following else len(text)]
        yield _RawCommand(head.name, head.words.strip(), below, head.line, head.free_form)
        head = following


def _heads(text: str, pattern: re.Pattern[str], known: Collection[str]) -> Iterator[_Head]:
    line = counted = 0
    for match in _command_lines(text, pattern):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match["name"]:
            yield _Head(match["name"].lower(), match["rest"], line, match.start(), match.end())
            continue
        start, end = _free_text(text, match, pattern)
        if start == end:
            continue
        name, words = _known_name(text[start:end], known)
        yield _Head((name or FREE_FORM).lower(), words, line, match.start(), end, name is None)


def _command_lines(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield the lines that look like a command and are neither in code nor in hidden HTML."""
    fence: _Fence | None = None
    position = 0
    while match := pattern.search(text, position):
        position = match.end()
        if match["fence"]:
            fence = _fence_after(fence, match)
        elif fence or _width(match["indent"]) > _MAX_INDENT:
            continue
        elif match["raw"] or match["hidden"]:
            position = _end_of_block(text, match)
        else:
            yield match


def _end_of_block(text: str, match: re.Match[str]) -> int:
    """Return where an HTML block ends: after the line that closes it, or at the end of the text."""
    if match["raw"]:
        closing = _RAW_END.search(text, match.end())
        closed = closing.end() if closing else -1
    else:
        closed = text.find(_HIDDEN_ENDS.get(match["hidden"].upper(), ">"), match.end())
    end = text.find("\n", closed) if closed >= 0 else -1
    return end if end >= 0 else len(text)


def _free_text(text: str, match: re.Match[str], pattern: re.Pattern[str]) -> tuple[int, int]:
    """Return where the first line of free text starts and ends: after the mention, or below it.

    Both are the same if there is no free text, or if the next line is a command itself.
    """
    start, end = match.span("said")
    if match["said"].strip():
        return start, end
    below = _NOT_BLANK.search(text, end)
    if below is None:
        return end, end
    line = text.rfind("\n", 0, below.start()) + 1
    command = pattern.match(text, line)
    if command and (command["name"] or command["said"] is not None):
        return end, end
    return below.start(), below.end()


def _known_name(free_text: str, known: Collection[str]) -> tuple[str | None, str]:
    """Return the known name at the start of a free text, or None, and the words after it."""
    name = _NAME.match(free_text)
    if name and name[1].lower() in known:
        return name[1], free_text[name.end() :]
    return None, free_text


@lru_cache(maxsize=64)
def _pattern(mention: str) -> re.Pattern[str]:
    bot = re.escape(mention.removeprefix("@")) or "(?!)"
    return re.compile(
        _LINE.replace("MENTION", bot), re.ASCII | re.IGNORECASE | re.MULTILINE | re.VERBOSE
    )


def _fence_after(fence: _Fence | None, match: re.Match[str]) -> _Fence | None:
    """Return the fence that is open after a line that looks like a fence."""
    width = _width(match["indent"])
    if fence is None:
        if width > _MAX_INDENT:
            return None
        return _Fence(
            match["fence"], _MAX_INDENT + (width + _width(match["list"]) if match["list"] else 0)
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


def _command(raw: _RawCommand) -> Command:
    return Command(
        name=raw.name,
        arguments=tuple(
            argument[:_MAX_ARGUMENT]
            for argument in islice(_arguments(raw.words[:_MAX_INSTRUCTION]), _MAX_ARGUMENTS)
        ),
        instruction=raw.instruction[:_MAX_INSTRUCTION],
        description=raw.description[:_MAX_DESCRIPTION],
        truncated=raw.is_long,
        line=raw.line,
        free_form=raw.free_form,
    )


def _arguments(words: str) -> Iterator[str]:
    for match in _WORD.finditer(words.translate(_STRAIGHT)):
        key, quote, quoted, plain = match.group("key", "quote", "quoted", "plain")
        inside = quoted.replace(f"\\{quote}", quote) if quote else ""
        if not key and not quote:
            plain = _DASH.sub("--", plain)
        yield f"{key or ''}{inside}{plain}"
