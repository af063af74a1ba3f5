"""The tables of docs/gateway.md name tests that exist, and help with every code of an error."""

import ast
import re
from typing import Final

import pytest

from cli.target import PROJECT

PAGE: Final = (PROJECT / "docs" / "gateway.md").read_text()
TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CODE: Final = re.compile(r"`([a-z_]+)`")


def rows(title: str) -> list[list[str]]:
    """The cells of the table of a section, without its head."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[1:]]


@pytest.mark.parametrize("row", rows("Security"), ids=lambda row: row[0])
def test_every_threat_has_a_test_that_exists(row: list[str]) -> None:
    found = TEST.fullmatch(row[2])

    assert found
    tree = ast.parse((PROJECT / found[1]).read_text())
    assert found[2] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_code_of_an_error_is_in_the_table_of_troubleshooting() -> None:
    codes = {code for row in rows("Errors") for code in CODE.findall(row[1])}

    helped = {code for row in rows("Troubleshooting") for code in CODE.findall(row[0])}

    assert len(codes) > 15
    assert helped == codes
