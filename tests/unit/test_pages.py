"""What the pages show is right: code parses, commands and options exist, links lead somewhere."""

import ast
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from cli.admin.manifest_file import read_manifest
from cli.main import app
from cli.target import PROJECT
from signalbox.models.connection import Connection
from signalbox.models.manifest import Manifest, manifest_errors
from tests.pages import (
    PAGES,
    Block,
    all_blocks,
    anchors_in,
    anchors_of,
    every_block,
    lines_in_sentences,
    links_in,
    parse_command,
    shell,
    unknown_words,
)

LANGUAGES: Final = {"sh", "yaml", "json", "python", "toml", "mermaid", "text"}
FURTHER: Final = ("NAME", "PYTHON_RUNTIME", "ARCHITECTURE")
MADE_BY_THE_SKELETON: Final = re.compile(r"acme")
OF_OTHERS: Final = (
    {"include"},
    {"jobs"},
    {"on"},
    {True},
    {"scrape_configs"},
    {"rule_files"},
    {"images"},
    {"apiVersion"},
)
"""What shows that YAML is of another program. YAML 1.1 reads the key `on` as true."""


def commands() -> Iterator[tuple[str, list[str]]]:
    for block in all_blocks("sh"):
        for words in shell(block.text):
            if words:
                yield str(block), words


def lines_of(program: str) -> list[str]:
    return sorted({shlex.join(words) for _, words in commands() if words[0] == program})


def leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / unquote(path)).resolve() if path else page
    if not (target.exists() and target.is_relative_to(PROJECT)):
        return True
    return bool(anchor) and anchor not in anchors_of(target)


def test_every_block_has_a_language_by_which_it_is_checked() -> None:
    found = every_block()

    assert len(found) > 200
    assert [str(block) for block in found if block.language not in LANGUAGES] == []
    assert sum(page.read_text().count("```") for page in PAGES) == 2 * len(found)


def test_every_block_of_shell_is_shell(tmp_path: Path) -> None:
    for index, block in enumerate(all_blocks("sh")):
        (tmp_path / f"{index:03}.sh").write_text(f"# {block}\n{block.text}")

    every = 'for script in *.sh; do bash -n "$script" || head -1 "$script"; done'
    done = subprocess.run(  # noqa: S603  no more than its syntax is read
        ["bash", "-c", every],  # noqa: S607  of the machine
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout + done.stderr == ""


def test_every_block_of_python_compiles_and_imports_what_there_is() -> None:
    for block in all_blocks("python"):
        tree = ast.parse(block.text, str(block))
        compile(tree, str(block), "exec")
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert all(find_spec(name) for name in names), block


def test_every_block_of_json_is_json_or_lines_of_it() -> None:
    for block in all_blocks("json"):
        try:
            json.loads(block.text)
        except ValueError:
            assert [json.loads(line) for line in block.text.splitlines()], block


def test_every_block_of_toml_is_toml() -> None:
    for block in all_blocks("toml"):
        assert tomllib.loads(block.text), block


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_yaml_is_a_manifest_or_a_part_of_one_or_of_another_program(
    block: Block, tmp_path: Path
) -> None:
    document = yaml.safe_load(block.text)
    if any(keys <= document.keys() for keys in OF_OTHERS):
        return
    if "auth" in document:  # of a connection
        assert Connection.model_validate_json(
            json.dumps({"id": "a", "connector": "slack", **document})
        ).auth
        return
    path = tmp_path / "signalbox.yaml"
    path.write_text(block.text)

    manifest = read_manifest(path)

    assert manifest != Manifest()
    names = {one.connection for one in manifest.subscriptions}
    assert manifest_errors(manifest, names, {"release"}) == ()


@pytest.mark.parametrize("line", lines_of("signalbox"))
def test_every_command_can_be_read(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "signalbox.yaml").touch()
    monkeypatch.chdir(tmp_path)

    parse_command(shlex.split(line))


@pytest.mark.parametrize(
    "line", ["signalbox task list", "signalbox tasks list --state x", "signalbox tasks show"]
)
def test_a_command_that_is_none_would_be_found_out(line: str) -> None:
    with pytest.raises(Exception, match=r"No such|Missing"):
        parse_command(line.split())


def test_every_command_in_a_sentence_exists_with_its_options() -> None:
    lines = lines_in_sentences("signalbox")

    assert len(lines) > 100
    assert [words for words in lines if unknown_words(words)] == []


def test_a_command_in_a_sentence_that_is_none_would_be_found_out() -> None:
    assert unknown_words(["signalbox", "task", "list"]) == ["task"]
    assert unknown_words(["signalbox", "tasks", "list", "--state"]) == ["--state"]
    assert unknown_words(["signalbox", "--stage", "prod", "tasks", "list", "--json"]) == []


def test_every_group_of_commands_is_on_a_page() -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup)

    lines = [shlex.split(line) for line in lines_of("signalbox")]
    named = {word for words in [*lines, *lines_in_sentences("signalbox")] for word in words[1:]}

    assert set(command.commands) - named == {"demo"}  # by `make demo`


def test_every_target_of_make_and_its_variables_exist() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    variables = {*re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE), *FURTHER}
    lines = [words for _, words in commands() if words[0] == "make"]
    lines += lines_in_sentences("make")

    assert len(lines) > 50
    for words in lines:
        for word in takewhile(lambda word: not word.startswith(("-", "…")), words[1:]):
            name, given, _ = word.partition("=")
            assert name in (variables if given else targets), words


def test_every_test_and_script_that_is_run_exists() -> None:
    paths = [
        word
        for _, words in commands()
        for word in words
        if re.match(r"(tests|cli|actions|deploy|dashboard|docs|ci|clients)/", word)
    ]

    assert len(paths) > 10
    for path in paths:
        assert MADE_BY_THE_SKELETON.search(path) or (PROJECT / path).exists(), path


def test_every_link_leads_to_a_file_and_an_anchor() -> None:
    links = [(page, link) for page in PAGES for link in links_in(page.read_text())]

    own = [(page, link) for page, link in links if not re.match(r"[a-z]+:", link)]

    assert len(own) > 200
    assert [(page.name, link) for page, link in own if leads_nowhere(page, link)] == []


def test_commands_are_read_without_variables_and_redirections() -> None:
    script = (
        "A=1 signalbox queue > out.txt; echo 'a\nb' |\\\n  tee x\nsignalbox secrets set a <<< 'b c'"
    )

    assert [words for words in shell(script) if words] == [
        ["signalbox", "queue"],
        ["echo", "a\nb"],
        ["tee", "x"],
        ["signalbox", "secrets", "set", "a"],
    ]


def test_a_link_that_leads_nowhere_would_be_found_out() -> None:
    text = "## Who may: give `x`?\n## Twice\n## Twice\n[a](b.md#c) `[no](link)` ![d](e_(f).png)"

    assert links_in(text) == ["b.md#c", "e_(f).png"]
    assert anchors_in(text) == {"who-may-give-x", "twice", "twice-1"}
