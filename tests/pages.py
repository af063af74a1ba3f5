"""The documentation as data: pages with their blocks of code, commands, headings and links."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Final

from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from cli.main import app
from cli.target import PROJECT

DOCS: Final = PROJECT / "docs"
PAGES: Final = (
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    PROJECT / "clients" / "python" / "README.md",
    *sorted(DOCS.rglob("*.md")),
)

_BLOCK: Final = re.compile(r"^( *)```(\w*)([^\n`]*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_INLINE: Final = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK: Final = re.compile(r"\]\(((?:[^()\s]|\([^()\s]*\))+)(?: \"[^\"]*\")?\)")
_HEADING: Final = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
_ANCHOR: Final = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


_REDIRECTIONS: Final = {"<", ">", ">>", "<<<"}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block of code; `labels` is what follows its language."""

    page: Path
    line: int
    language: str
    labels: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.line}"


def blocks_in(text: str, page: Path = PROJECT) -> list[Block]:
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start()) + 1,
            language=found[2],
            labels=found[3].strip(),
            text=dedent(found[4]),
        )
        for found in _BLOCK.finditer(text)
    ]


@cache
def every_block() -> tuple[Block, ...]:
    return tuple(block for page in PAGES for block in blocks_in(page.read_text(), page))


def all_blocks(language: str) -> list[Block]:
    return [block for block in every_block() if block.language == language]


def blocks(language: str, text: str) -> list[str]:
    return [block.text for block in blocks_in(text) if block.language == language]


def shell(script: str) -> Iterator[list[str]]:
    """Every command of a script, without the variables before it."""
    line = ""
    for part in script.replace("\\\n", " ").splitlines():
        line += part
        try:
            words = _words(line)
        except ValueError:  # a quotation ends in a later line
            line += "\n"
            continue
        yield from _commands(words)
        line = ""


def _words(line: str) -> list[str]:
    words = shlex.shlex(line, posix=True, punctuation_chars=";|&")
    words.whitespace_split = True
    return list(words)


def _commands(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    before = ""
    for word in [*words, ";"]:
        redirects, before = {before, word} & _REDIRECTIONS, word
        if redirects:
            continue
        if set(word) <= set(";|&"):
            yield command
            command = []
        elif command or not re.match(r"[A-Z_]+=", word):
            command.append(word)


def commands_of(program: str, text: str) -> list[list[str]]:
    scripts = blocks("sh", text)
    return [words for each in scripts for words in shell(each) if words[:1] == [program]]


def lines_in_sentences(program: str) -> list[list[str]]:
    """The command lines within the text of all pages.

    The changelog is left out: it has the commands of former versions.
    """
    texts = (_BLOCK.sub("", page.read_text()) for page in PAGES if page.name != "CHANGELOG.md")
    codes = (found[2] for text in texts for found in _INLINE.finditer(text))
    return [next(shell(" ".join(code.split()))) for code in codes if code.startswith(f"{program} ")]


def links_in(text: str) -> list[str]:
    prose = _INLINE.sub("code", _BLOCK.sub("", text))
    return _LINK.findall(prose)


@cache
def anchors_of(page: Path) -> set[str]:
    return anchors_in(page.read_text())


def anchors_in(text: str) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    prose = _BLOCK.sub("", text)
    found = set(_ANCHOR.findall(prose))
    for heading in _HEADING.findall(prose):
        slug = slug_of(heading)
        count = sum(each == slug or each.startswith(f"{slug}-") for each in found)
        found.add(f"{slug}-{count}" if slug in found else slug)
    return found


def slug_of(heading: str) -> str:
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")


@cache
def _program() -> TyperGroup:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    return program


def parse_command(words: Sequence[str]) -> None:
    """Reads a command line and runs nothing. Raises where a command or an option is none."""
    command: object = _program()
    name, rest, context = words[0], list(words[1:]), None
    while True:
        assert isinstance(command, TyperCommand | TyperGroup)
        context = command.make_context(name, rest, parent=context)
        rest = [*context._protected_args, *context.args]
        if not isinstance(command, TyperGroup) or not rest:
            return
        found, inner, rest = command.resolve_command(context, rest)
        assert inner
        name, command = str(found), inner


def unknown_words(words: Sequence[str]) -> list[str]:
    """The commands and options of a line that are none; in a sentence arguments may be left out."""
    command: object = _program()
    wrong: list[str] = []
    rest = list(words[1:])
    known = _options(command)
    while rest and rest[0] != "--":
        word = rest.pop(0)
        name, has_value, _ = word.partition("=")
        if word.startswith("-"):
            wrong += [] if name in known else [word]
            if known.get(name) and not has_value:
                del rest[:1]
        elif isinstance(command, TyperGroup) and re.fullmatch(r"[a-z-]+", word):
            if word not in command.commands:
                return [*wrong, word]
            command = command.commands[word]
            known |= _options(command)
    return wrong


def _options(command: object) -> dict[str, bool]:
    """The options of a command, with whether they take a value."""
    assert isinstance(command, TyperCommand | TyperGroup)
    return {"--help": False} | {
        name: isinstance(one, TyperOption) and not (one.is_flag or one.count)
        for one in command.params
        for name in (*one.opts, *one.secondary_opts)
    }
