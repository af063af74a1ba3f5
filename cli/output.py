"""The output of commands: tables for people, JSON for programs. Notes go to standard error."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Annotated, Final, TextIO, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

M = TypeVar("M", bound=BaseModel)

_WIDE_COLUMNS: Final = 200
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]"
)
_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def strip_controls(text: str) -> str:
    """Return foreign text without characters that control a terminal."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def replace_unprintable() -> None:
    """Let standard output and error print `?` for characters that their encoding lacks.

    Foreign text may contain any character, and the encoding is that of the terminal: printing must
    not fail.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def format_time(value: datetime | None) -> str:
    """Return a time in UTC to the second, empty for None."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if value else ""


@dataclass(frozen=True, slots=True)
class Output:
    """Print the results of a command.

    A `detached` command continues silently when standard output is closed; any other ends.
    """

    json: bool = False
    detached: bool = False

    def rows(self, items: Sequence[M], columns: Mapping[str, Callable[[M], str]]) -> None:
        """Print a table, or a JSON list."""
        if self.json:
            _print_json([item.model_dump(mode="json") for item in items])
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(name, overflow="fold")
        for item in items:
            table.add_row(*(Text(strip_controls(cell(item))) for cell in columns.values()))
        _console().print(table)

    def one(self, item: BaseModel, facts: Mapping[str, str]) -> None:
        """Print the fields that are not empty, one per line, or a JSON object."""
        if self.json:
            _print_json(item.model_dump(mode="json"))
            return
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, fact in facts.items():
            if fact:
                table.add_row(name, Text(strip_controls(fact)))
        _console().print(table)

    def line(self, item: BaseModel, text: str) -> None:
        """Print one of several items: a line of text, or a JSON object on one line."""
        shown = json.dumps(item.model_dump(mode="json")) if self.json else strip_controls(text)
        try:
            print(f"{shown}\n", end="", flush=True)  # one write, since threads may print lines
        except (OSError, ValueError):
            if not self.detached:
                raise
            _discard(sys.stdout)

    def note(self, text: str) -> None:
        """Print what a person should know and a program should not read."""
        try:
            print(strip_controls(text), file=sys.stderr, flush=True)
        except (OSError, ValueError):
            _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Redirect a closed stream to nowhere, including what it still buffers."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2), flush=True)


def _console() -> Console:
    """Return a console as wide as the terminal; other outputs have no width."""
    console = Console(highlight=False, markup=False)
    return (
        console
        if console.is_terminal
        else Console(highlight=False, markup=False, width=_WIDE_COLUMNS)
    )
