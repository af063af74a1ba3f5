"""Every request of the dashboard that changes something is made by a test in a browser."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.actions import BROWSER_TESTS

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "dashboard/src"
TESTS = ROOT / "tests/browser"
CALL = re.compile(
    r'\b(?:request\("(?P<method>post|put|patch|delete)",\s*|post\()(?:"(?P<path>[^"]*)"|(?P<other>\w+))'
)


def actions(text: str) -> Iterator[str]:
    """The requests in a source; where the path is no text it stands there as it is written."""
    for call in CALL.finditer(text):
        yield f"{(call['method'] or 'post').upper()} {call['path'] or call['other']}"


def functions(module: str) -> set[str]:
    tree = ast.parse((TESTS / f"{module}.py").read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_action_of_the_dashboard_has_a_browser_test() -> None:
    client = SOURCES / "api/client.ts"
    sources = [path for path in SOURCES.rglob("*.ts*") if path != client]

    found = {action for path in sources for action in actions(path.read_text())}

    assert found == BROWSER_TESTS.keys()


@pytest.mark.parametrize("test", sorted(set(BROWSER_TESTS.values())))
def test_the_browser_test_of_an_action_exists(test: str) -> None:
    module, _, name = test.partition(".")

    assert name in functions(module)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('await post("/api/v1/x", { path })', ["POST /api/v1/x"]),
        ('request("delete", "/api/v1/x/{y}")', ["DELETE /api/v1/x/{y}"]),
        ('request("get", "/api/v1/x")', []),
        ("post(address)", ["POST address"]),
    ],
)
def test_an_action_is_recognised_in_a_source(text: str, found: list[str]) -> None:
    assert list(actions(text)) == found
