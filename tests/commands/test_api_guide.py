"""docs/api.md names what there is: routes and queries, commands and options.

The commands of all other pages are there too.
"""

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

import pytest
import requests
from pydantic import BaseModel, Field
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.main import app
from cli.target import PROJECT
from tests.commands.served import Served
from tests.unit.test_configuration_page import variables

GUIDE: Final = (PROJECT / "docs" / "api.md").read_text()
METHODS: Final = "GET|PUT|POST|PATCH|DELETE"
WEBHOOKS = re.compile(r"^/api/v1/webhooks/[a-z]+")
NO_JOB: Final = ("/docs/", "/health", "/ready")


class Call(NamedTuple):
    """A request of the guide; what varies in its path stands there as `$`."""

    method: str
    path: str
    query: tuple[str, ...] = ()


class Parameter(BaseModel):
    name: str
    where: str = Field(alias="in")


class Operation(BaseModel):
    parameters: list[Parameter] = []


class Description(BaseModel):
    paths: dict[str, dict[str, Operation]]

    def find(self, call: Call) -> tuple[str, str] | None:
        """The operation that a call means, None where there is none."""
        for path, operations in self.paths.items():
            operation = operations.get(call.method.lower())
            if operation and fits(path, call.path):
                known = {each.name for each in operation.parameters if each.where == "query"}
                return (call.method, path) if known.issuperset(call.query) else None
        return None


def blocks(language: str, text: str = GUIDE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shell(text: str = GUIDE) -> Iterator[list[str]]:
    """Every command of the guide, without what stands before it."""
    for line in "\n".join(blocks("sh", text)).replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=";|&")
        words.whitespace_split = True
        command: list[str] = []
        for word in [*words, ";"]:
            if set(word) <= set(";|&"):
                yield command
                command = []
            elif command or not re.match(r"[A-Z_]+=", word):
                command.append(word)


def commands_of(program: str, text: str = GUIDE) -> list[list[str]]:
    return [command for command in shell(text) if command[:1] == [program]]


def all_commands() -> list[list[str]]:
    """Those of every page."""
    pages = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    return [words for page in pages for words in commands_of("signalbox", page.read_text())]


def curled(words: Sequence[str]) -> Call:
    """What a line of curl asks for."""
    (url,) = (word.removeprefix("$URL") for word in words if word.startswith("$URL"))
    path, _, query = url.partition("?")
    usual = "POST" if "--json" in words else "GET"
    method = words[words.index("-X") + 1] if "-X" in words else usual
    return Call(method, re.sub(r"\$\w+", "$", path), tuple(name for name, _ in parse_qsl(query)))


def called() -> Iterator[Call]:
    """What the guide asks for in Python."""
    for node in ast.walk(ast.parse("\n".join(blocks("python")))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("signalbox" | "requests"), attr=method),
                args=[ast.JoinedStr(values=[ast.FormattedValue(), *parts])],
            ):
                words = (part.value if isinstance(part, ast.Constant) else "$" for part in parts)
                yield Call(method.upper(), "".join(map(str, words)))


def inline() -> Iterator[Call]:
    """What the guide mentions in passing: `GET PUT /a/path/{name}`."""
    for methods, path in re.findall(rf"`((?:(?:{METHODS}) )+)(/[^`]+)`", GUIDE):
        for method in methods.split():
            yield Call(method, re.sub(r"\{\w+\}", "$", path))


def fits(path: str, asked: str) -> bool:
    """Whether a path is one of this template; what varies is no word of the template."""
    known, given = path.split("/"), asked.split("/")
    return len(known) == len(given) and all(
        word == part or (word.startswith("{") and bool(part))
        for word, part in zip(known, given, strict=True)
    )


def parsed(words: Sequence[str]) -> None:
    """Reads a command line and runs nothing. Raises where a command or an option is none."""
    command = get_command(app)
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


@pytest.fixture
def api(served: Served) -> Description:
    return Description.model_validate_json(
        requests.get(f"{served.url}/openapi.json", timeout=10).content
    )


def test_every_request_of_the_guide_is_one_that_the_api_takes(api: Description) -> None:
    asked = [*map(curled, commands_of("curl")), *called(), *inline()]

    assert len(asked) > 100
    assert [call for call in asked if api.find(call) is None] == []


def test_every_operation_has_its_place_in_the_guide(api: Description) -> None:
    shown = {api.find(call) for call in (*map(curled, commands_of("curl")), *inline())}

    missing = {
        (method.upper(), WEBHOOKS.sub("/api/v1/webhooks/github", path))  # all are alike
        for path, operations in api.paths.items()
        for method in operations
        if not path.startswith(NO_JOB)
    } - shown
    assert missing == set()


def test_a_request_that_is_none_would_be_found_out(api: Description) -> None:
    assert api.find(Call("GET", "/api/v1/tasks/$/log")) is None
    assert api.find(Call("POST", "/api/v1/tasks/$")) is None
    assert api.find(Call("GET", "/api/v1/tasks", ("state",))) is None


@pytest.mark.parametrize("words", all_commands(), ids=shlex.join)
def test_every_command_of_every_page_can_be_read(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "signalbox.yaml").touch()
    monkeypatch.chdir(tmp_path)

    parsed(words)


@pytest.mark.parametrize(
    "line", ["signalbox task list", "signalbox tasks list --state x", "signalbox tasks show"]
)
def test_a_command_that_is_none_would_be_found_out(line: str) -> None:
    with pytest.raises(Exception, match=r"No such|Missing"):
        parsed(line.split())


def test_every_group_of_commands_is_in_the_guide() -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup)

    named = {words[1] for words in commands_of("signalbox")}

    assert set(command.commands) - named == {"up", "down", "demo"}


def test_the_variables_of_the_guide_are_read() -> None:
    named = set(re.findall(r"SIGNALBOX_(?!TASK)\w+(?==)", GUIDE))

    assert named
    assert named <= set(variables(get_command(app)))


def test_the_examples_in_python_are_python() -> None:
    for block in blocks("python"):
        compile(block, "docs/api.md", "exec")
