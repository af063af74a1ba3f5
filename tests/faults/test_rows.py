"""The table of faults names tests that exist."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.rows import ROWS, FaultRow

ROOT = Path(__file__).parents[2]


@cache
def _names(path: Path) -> frozenset[str]:
    """The classes and tests of a module, as `Class::test` where they are in a class."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                found.add(name)
                found |= {
                    f"{name}::{each.name}" for each in body if isinstance(each, ast.FunctionDef)
                }
            case ast.Assign(targets=[ast.Name(id=name)]):  # a state machine
                found |= {name, f"{name}::runTest"}
    return frozenset(found)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_every_fault_has_tests_that_exist(row: FaultRow) -> None:
    paths = [test.partition("::") for test in row.tests]

    assert paths
    assert [name for path, _, name in paths if name not in _names(ROOT / path)] == []


def test_the_faults_are_numbered() -> None:
    assert [row.number for row in ROWS] == list(range(1, len(ROWS) + 1))
