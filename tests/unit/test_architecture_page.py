"""docs/architecture.md agrees with the tree and the template."""

import ast
import re
import tomllib
from pathlib import Path

from cli.target import PROJECT
from tests.integration.template import template

LAYER = PROJECT / "layers" / "shared" / "signalbox"
PAGE = (PROJECT / "docs" / "architecture.md").read_text()


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def packages(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.rglob("__init__.py"))


def test_every_package_of_the_layer_has_a_row_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)/` \| \S", section("Packages"), re.MULTILINE)

    assert sorted(rows) == [path.name for path in packages(LAYER) if path.parent == LAYER]


def test_the_order_of_imports_is_the_one_that_is_checked() -> None:
    text = " ".join(section("Packages").split())
    order = re.search(r"one direction: (.*?)\.", text)
    assert order
    stated = [set(re.findall(r"`(\w+)`", layer)) for layer in order[1].split("→")]
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    (layers,) = (
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )

    assert stated == [
        {name.removeprefix("signalbox.") for name in layer.split(" | ")} for layer in layers
    ]


def test_every_package_says_in_a_line_what_belongs_into_it() -> None:
    found = [*packages(LAYER), *packages(PROJECT / "cli")]

    assert len(found) > 20
    for path in found:
        doc = ast.get_docstring(ast.parse((path / "__init__.py").read_text())) or ""
        assert doc.partition("\n")[0].endswith("."), path


def test_the_diagram_has_every_function_of_the_repository() -> None:
    diagram = section("Data flow").partition("```mermaid\n")[2].partition("```")[0]
    functions = PROJECT / "functions"
    folders = {path.parent.relative_to(functions).as_posix() for path in functions.rglob("app.py")}
    named = {label.partition(",")[0] for label in re.findall(r"\[([^\[\]()]+)\]", diagram)}

    singles = {folder for folder in folders if "/" not in folder}
    vendors = folders - singles

    assert singles <= named
    assert {"webhooks", "connectors"} == {folder.partition("/")[0] for folder in vendors}
    assert named & vendors >= {"webhooks/github", "connectors/slack"}


def test_every_table_of_the_template_is_described() -> None:
    tables = {name.removesuffix("Table") for name in template().of_type("AWS::DynamoDB::Table")}
    rows = set(re.findall(r"^\| (\w+) \| ", section("Tables"), re.MULTILINE)) - {"table"}

    assert rows == tables
