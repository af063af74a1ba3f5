"""Which names are taken, and how lines are added; tests/integration runs what is written."""

from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.scaffold.__main__ import main, write
from cli.scaffold.edits import with_list_entry, with_mapping_row, with_paths, with_table_row
from cli.scaffold.skeleton import KINDS, check_name
from cli.target import PROJECT

TEMPLATE = """\
Mappings:
  # what a row may have
  Provider:
    github: {Title: GitHub}  # kept
    gitea: {Title: Gitea}
  # what comes next
  Connector:
    slack: {Title: Slack}
Resources:
  HttpApi:
    paths:
      /api/v1/webhooks/gitea: {post: {}}
      # of any other service
      /api/v1/webhooks/{source}: {post: {}}
  Fn::ForEach::Webhooks:
    - Provider
    - [github, gitea]
    - ${Provider}Role: {}
  Fn::ForEach::Connectors:
    - Connector
    - [slack]
"""
README = """\
| incoming | by |
|---|---|
| GitHub | `X` |

| outgoing | by |
|---|---|
| Slack | webhook |
"""

either = pytest.mark.parametrize("kind", KINDS)
with_lines = pytest.mark.parametrize("kind", ["provider", "connector"])


def a_repository(root: Path, template: str = TEMPLATE, readme: str = README) -> Path:
    (root / "template.yaml").write_text(template)
    (root / "README.md").write_text(readme)
    return root


@either
@pytest.mark.parametrize("name", ["acme", "a", "a1", "abcdefghijklmno"])
def test_a_name_has_lower_case_letters_and_digits(kind: str, name: str, tmp_path: Path) -> None:
    check_name(kind, name, tmp_path)


@either
@pytest.mark.parametrize(
    "name", ["", "Acme", "1acme", "a_b", "a-b", "a.b", "../a", "é", "acme\n", "abcdefghijklmnop"]
)
def test_any_other_name_is_refused_with_the_rule(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="1 to 15 lower-case letters and digits"):
        check_name(kind, name, tmp_path)


@either
@pytest.mark.parametrize("name", ["class", "import", "api"])
def test_a_reserved_word_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="reserved"):
        check_name(kind, name, tmp_path)


@pytest.mark.parametrize(
    ("kind", "name"), [("provider", "github"), ("connector", "slack"), ("middleware", "cors")]
)
def test_a_name_that_is_taken_is_refused(kind: str, name: str) -> None:
    with pytest.raises(CommandError, match=f"there is a {kind} of this name"):
        check_name(kind, name, PROJECT)


def test_a_connector_that_is_one_module_takes_its_name_too(tmp_path: Path) -> None:
    write("connector", "acme", a_repository(tmp_path))

    with pytest.raises(CommandError, match="there is a connector of this name"):
        write("connector", "acme", tmp_path)


def test_a_middleware_is_its_module_and_a_test(tmp_path: Path) -> None:
    written = write("middleware", "acme", tmp_path)

    assert [str(path.relative_to(tmp_path)) for path in written] == [
        "layers/shared/signalbox/middlewares/acme.py",
        "tests/unit/middlewares/test_acme.py",
    ]


def test_a_provider_and_a_connector_may_have_one_name(tmp_path: Path) -> None:
    provider = write("provider", "acme", a_repository(tmp_path))
    connector = write("connector", "acme", tmp_path)

    assert {path.name for path in {*provider} & {*connector}} == {"template.yaml", "README.md"}


@with_lines
@pytest.mark.parametrize(
    ("template", "readme"),
    [("Resources: {}\n", README), (TEMPLATE, "no table\n"), (TEMPLATE * 2, README)],
)
def test_nothing_is_written_where_the_place_of_a_line_is_not_found(
    kind: str, template: str, readme: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="not found once"):
        write(kind, "acme", a_repository(tmp_path, template, readme))

    assert {path.name for path in tmp_path.iterdir()} == {"template.yaml", "README.md"}
    assert (tmp_path / "template.yaml").read_text() == template


@with_lines
def test_a_file_that_is_there_is_not_written_over(kind: str, tmp_path: Path) -> None:
    test = tmp_path / f"tests/contract/test_acme_{kind}.py"
    test.parent.mkdir(parents=True)
    test.write_text("mine")

    with pytest.raises(CommandError, match=f"{test.name} is there already"):
        write(kind, "acme", a_repository(tmp_path))

    assert test.read_text() == "mine"


def test_a_name_is_added_to_the_list_of_its_loop_alone() -> None:
    added = with_list_entry(TEMPLATE, "Webhooks", "acme")

    assert added == TEMPLATE.replace("[github, gitea]", "[github, gitea, acme]")


def test_a_row_is_added_below_the_others_and_comments_stay() -> None:
    added = with_mapping_row(TEMPLATE, "Provider", r"acme: {Title: A\1}")

    assert added == TEMPLATE.replace(
        "  # what comes next", "    acme: {Title: A\\1}\n  # what comes next"
    )


def test_paths_are_added_before_another_one() -> None:
    added = with_paths(TEMPLATE, "/api/v1/webhooks/{source}", "/acme: {}\n/acme/{source}: {}")

    path = "      /api/v1/webhooks/{source}: "
    assert added == TEMPLATE.replace(
        path, f"      /acme: {{}}\n      /acme/{{source}}: {{}}\n{path}"
    )


def test_a_row_is_added_to_the_table_of_its_first_cell() -> None:
    added = with_table_row(README, "incoming", "| Acme | `Y` |")

    assert added == README.replace("`X` |\n", "`X` |\n| Acme | `Y` |\n")


@pytest.mark.parametrize(
    "words", [[], ["provider"], ["provider", ""], ["worker", "acme"], ["provider", "a", "b"]]
)
def test_wrong_usage_shows_the_right_one(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "make provider|connector|middleware NAME=acme" in capsys.readouterr().err


def test_a_name_that_cannot_be_used_is_one_line_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["provider", "github"]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "NAME=github cannot be used: there is a provider of this name"
    ]
