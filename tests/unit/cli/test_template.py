"""The template grows by a list entry and a row for each provider and connector."""

import json
from pathlib import Path
from typing import Final

import pytest

from cli.lint.rules import findings
from cli.lint.template import Template
from cli.template import TEMPLATE, expanded, translated

PROVIDERS: Final = [f"provider{number}" for number in range(9)]
CONNECTORS: Final = [f"connector{number}" for number in range(11)]
CLOUDFORMATION_TAKES: Final = 500
LAMBDA_TAKES: Final = 4_096
"""Bytes of environment variables."""


def row(provider: str) -> str:
    path = f"/api/v1/webhooks/{provider}"
    return f'{provider}: {{Title: X, Path: {path}, SourcePath: "{path}/{{source}}", Method: POST}}'


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with ten providers and twelve connectors."""
    text = TEMPLATE.read_text()
    for before, after in {
        "    - [github]\n": f"    - [github, {', '.join(PROVIDERS)}]\n",
        "    - [slack]\n": f"    - [slack, {', '.join(CONNECTORS)}]\n",
        "    github: {": "".join(f"    {row(name)}\n" for name in PROVIDERS) + "    github: {",
        "    slack: {": "".join(f"    {name}: {{Title: X}}\n" for name in CONNECTORS)
        + "    slack: {",
    }.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = tmp_path_factory.mktemp("grown") / "template.yaml"
    path.write_text(text)
    return path


def test_each_of_them_costs_a_line(grown: Path) -> None:
    added = len(grown.read_text().splitlines()) - len(TEMPLATE.read_text().splitlines())

    assert added == len(PROVIDERS) + len(CONNECTORS)


def test_the_template_is_short_and_all_of_them_fit_into_a_stack(grown: Path) -> None:
    assert len(TEMPLATE.read_text().splitlines()) <= 1_000
    assert len(json.loads(translated(grown))["Resources"]) < CLOUDFORMATION_TAKES


def test_what_grows_keeps_every_rule(grown: Path) -> None:
    assert findings(Template.model_validate_json(translated(grown))) == []


def test_the_variables_of_functions_do_not_grow(grown: Path) -> None:
    variables = expanded(grown)["Globals"]

    assert variables == expanded()["Globals"]
    assert len(json.dumps(variables)) < LAMBDA_TAKES


def test_nothing_is_left_of_loops_and_mappings() -> None:
    text = json.dumps(expanded())

    assert "Fn::ForEach" not in text
    assert "Fn::FindInMap" not in text
    assert "LanguageExtensions" not in text
