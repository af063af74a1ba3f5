"""docs/api.md has every route and every group of commands, and no page has another route."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

import pytest
from pydantic import BaseModel, Field
from typer.main import get_command

from cli.main import app
from cli.target import PROJECT
from tests.functions.system import running
from tests.pages import PAGES, blocks, commands_of
from tests.unit.test_configuration_page import variables

GUIDE: Final = (PROJECT / "docs" / "api.md").read_text()
METHODS: Final = "GET|PUT|POST|PATCH|DELETE"
WEBHOOKS = re.compile(r"^/api/v1/webhooks/[a-z]+")
OURS: Final = re.compile(r"\$URL|http://127\.0\.0\.1:4600|https://…")
OPERATIONS: Final = re.compile(r"/(api/v1|api/gateway|metrics|health|ready)\b")
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


def curled(words: Sequence[str]) -> Call:
    """What a line of curl asks for."""
    (url,) = (word for word in words if OURS.match(word))
    path, _, query = OURS.sub("", url).partition("?")
    usual = "POST" if "--json" in words else "GET"
    method = words[words.index("-X") + 1] if "-X" in words else usual
    return Call(method, re.sub(r"\$\w+", "$", path), tuple(name for name, _ in parse_qsl(query)))


def called() -> Iterator[Call]:
    """What the guide asks for in Python."""
    for node in ast.walk(ast.parse("\n".join(blocks("python", GUIDE)))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("signalbox" | "requests"), attr=method),
                args=[ast.JoinedStr(values=[ast.FormattedValue(), *parts])],
            ):
                words = (part.value if isinstance(part, ast.Constant) else "$" for part in parts)
                yield Call(method.upper(), "".join(map(str, words)))


def inline(text: str = GUIDE) -> Iterator[Call]:
    """What a page mentions in passing: `GET PUT /a/path/{name}`."""
    for methods, path in re.findall(rf"`((?:(?:{METHODS}) )+)(/[^`]+)`", text):
        for method in methods.split():
            yield Call(method, re.sub(r"\{\w+\}", "$", path))


def fits(path: str, asked: str) -> bool:
    """Whether a path is one of this template; what varies is no word of the template."""
    known, given = path.split("/"), asked.split("/")
    return len(known) == len(given) and all(
        word == part or (word.startswith("{") and bool(part))
        for word, part in zip(known, given, strict=True)
    )


@pytest.fixture(scope="module")
def api() -> Iterator[Description]:
    """One for all: to describe the API takes longer than anything else here."""
    with running() as system:
        yield Description.model_validate_json(system.ask("GET", "/openapi.json").text)


def test_every_request_of_the_guide_is_one_that_the_api_takes(api: Description) -> None:
    asked = [*map(curled, commands_of("curl", GUIDE)), *called(), *inline()]

    assert len(asked) > 100
    assert [call for call in asked if api.find(call) is None] == []


def test_every_request_of_the_other_pages_is_one_that_the_api_takes(api: Description) -> None:
    texts = [page.read_text() for page in PAGES if page.name not in {"api.md", "CHANGELOG.md"}]
    lines = [words for text in texts for words in commands_of("curl", text)]
    ours = [curled(words) for words in lines if any(map(OURS.match, words))]

    asked = [*ours, *(call for text in texts for call in inline(text))]

    own = [call for call in asked if OPERATIONS.match(call.path)]
    assert len(own) > 20
    assert [call for call in own if api.find(call) is None] == []


def test_every_operation_has_its_place_in_the_guide(api: Description) -> None:
    shown = {api.find(call) for call in (*map(curled, commands_of("curl", GUIDE)), *inline())}

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


def test_the_variables_of_the_guide_are_read() -> None:
    named = set(re.findall(r"SIGNALBOX_(?!TASK)\w+(?==)", GUIDE))

    assert named
    assert named <= set(variables(get_command(app)))
