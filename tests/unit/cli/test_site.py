import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.site.check import site_problems
from cli.site.mermaid import MERMAID_VERSION, mermaid_script
from cli.site.messages import messages_page
from cli.site.navigation import read_navigation
from cli.site.pages import folder_page, page_text, site_path
from cli.site.reference import openapi_pages
from cli.site.schema_tables import type_of
from cli.site.stage import settings, site_sources, stage_site
from cli.site.versions import first_page, version_folder, version_folders, version_list
from cli.target import PROJECT
from signalbox.models.base import JsonObject
from tests.pages import PAGES

OPENAPI: JsonObject = {
    "info": {"version": "1.2.3", "description": "All of it."},
    "tags": [{"name": "tasks", "description": "Work to do"}],
    "paths": {
        "/tasks/{id}": {
            "get": {
                "tags": ["tasks"],
                "operationId": "get_task",
                "summary": "Return a task",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"pattern": "^a|b$"}}
                ],
                "responses": {
                    "200": {
                        "description": "A task",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Task"}}
                        },
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Task": {
                "description": "A <task>",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "maxLength": 28},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Task"}},
                },
            }
        }
    },
}


def a_repository(folder: Path, **pages: str) -> Path:
    """A repository with these pages in docs/, all of them in the navigation."""
    docs = folder / "docs"
    docs.mkdir()
    for name, text in pages.items():
        (docs / f"{name}.md").write_text(text)
    (docs / "navigation.yaml").write_text(f"All: {[f'docs/{name}.md' for name in pages]}")
    (docs / "zensical.toml").write_text('[project]\nsite_name = "A"\n')
    return folder


def add_to_git(folder: Path, path: str) -> None:
    for words in (("git", "init", "--quiet"), ("git", "add", path)):
        subprocess.run(words, cwd=folder, check=True)  # noqa: S603  git of the machine


def test_every_page_of_the_documentation_is_in_the_navigation_of_the_site() -> None:
    pages = {page for section in read_navigation(PROJECT) for page in section.pages}

    assert {page.relative_to(PROJECT).as_posix() for page in PAGES} - pages == set()


def test_every_link_of_every_page_leads_to_something_on_the_site() -> None:
    sources = site_sources(PROJECT, read_navigation(PROJECT))

    assert {"index.md", "architecture.md", "decisions/index.md", "demo.svg"} <= set(sources)
    assert "files/deploy/compose.yaml" in sources


@pytest.mark.parametrize(
    ("sections", "complaint"),
    [
        ("All: [docs/a.md, docs/a.md]", "twice"),
        ("All: [docs/b.md]", r"docs/b\.md, which does not exist"),
        ("- docs/a.md", "sections"),
        ("{", "sections"),
    ],
)
def test_a_navigation_with_a_mistake_is_refused(
    tmp_path: Path, sections: str, complaint: str
) -> None:
    root = a_repository(tmp_path, a="# A")
    (root / "docs" / "navigation.yaml").write_text(sections)

    with pytest.raises(CommandError, match=complaint):
        read_navigation(root)


def test_links_lead_to_the_places_on_the_site(tmp_path: Path) -> None:
    root = a_repository(tmp_path, a="# A")
    (root / "README.md").write_text("[a](docs/a.md#a) [all](docs/more/) [b](https://x.org) [c](#c)")
    (root / "docs" / "more").mkdir()
    linked: list[str] = []

    text = page_text(root, "README.md", linked.append)

    assert text == "[a](a.md#a) [all](more/index.md) [b](https://x.org) [c](#c)"
    assert linked == ["docs/a.md", "docs/more/"]


def test_code_stays_as_it_is_but_for_labels_that_only_tests_read(tmp_path: Path) -> None:
    code = "`[a](no.md)`\n\n```sh run as worker\necho '[a](no.md)'\n```\n"
    root = a_repository(tmp_path, a=code)

    assert page_text(root, "docs/a.md", print) == code.replace(" run as worker", "")


@pytest.mark.parametrize("link", ["b.md", "../../outside.md", "..", "."])
def test_a_link_that_leads_to_nothing_names_its_page(tmp_path: Path, link: str) -> None:
    root = a_repository(tmp_path, a=f"[b]({link})")

    with pytest.raises(CommandError, match=rf"docs/a\.md links to {re.escape(link)}, which"):
        page_text(root, "docs/a.md", print)


def test_a_folder_is_a_page_with_its_pages_and_files(tmp_path: Path) -> None:
    folder = tmp_path / "small-examples"
    folder.mkdir()
    (folder / "one.md").write_text("# The first\n\nText.")
    (folder / "two.yaml").write_text("a: 1\n")
    add_to_git(tmp_path, "small-examples")

    page = folder_page(tmp_path, "small-examples/")

    assert page == (
        "# Small examples\n\n- [The first](one.md)\n\n## two.yaml\n\n```yaml\na: 1\n```\n"
    )


def test_files_of_a_folder_that_are_not_in_git_are_not_on_its_page(tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    for name in ("job.yaml", "key.yaml", ".env"):
        (folder / name).write_text(f"{name}: 1\n")
    add_to_git(tmp_path, "deploy/job.yaml")

    page = folder_page(tmp_path, "deploy/")

    assert "job.yaml: 1" in page
    assert "key.yaml" not in page
    assert ".env" not in page


def test_a_file_cannot_end_the_code_that_shows_it(tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    (folder / "a.sh").write_text("````\n<b>\n")
    add_to_git(tmp_path, "deploy")

    assert "`````\n````\n<b>\n`````\n" in folder_page(tmp_path, "deploy/")


def test_files_outside_of_the_documentation_have_a_folder_of_their_own() -> None:
    assert site_path("docs/decisions/") == "decisions/index.md"
    assert site_path("deploy/kubernetes/") == "files/deploy/kubernetes/index.md"
    assert site_path("CHANGELOG.md") == "changelog.md"


def test_the_settings_have_the_navigation_and_the_api_reference(tmp_path: Path) -> None:
    root = a_repository(tmp_path, a="# A")

    written = tomllib.loads(settings(root, read_navigation(root), ["index.md"]))

    assert written["project"] == {
        "site_name": "A",
        "nav": [{"All": ["a.md"]}, {"API reference": ["reference/index.md"]}],
    }


def test_a_file_of_an_earlier_build_is_not_left(tmp_path: Path) -> None:
    root, folder = a_repository(tmp_path, a="# A"), tmp_path / "sources"
    stage_site(root, folder, {"old.md": "# Old"})

    stage_site(root, folder, {"index.md": "# New"})

    assert {path.name for path in folder.rglob("*.md")} == {"a.md", "index.md"}


def test_the_reference_has_a_page_for_each_tag() -> None:
    pages = openapi_pages(OPENAPI)

    assert list(pages) == ["index.md", "tasks.md", "schemas.md"]
    assert "- [Tasks](tasks.md): Work to do" in pages["index.md"]
    assert "## GET /tasks/{id} { #get_task }" in pages["tasks.md"]
    assert '<a href="schemas.md#task">Task</a>' in pages["tasks.md"]
    assert "<td>404</td><td>NotFound</td><td>a problem</td>" in pages["tasks.md"]


def test_a_schema_has_its_properties_with_their_limits() -> None:
    page = openapi_pages(OPENAPI)["schemas.md"]

    assert "<p>A &lt;task&gt;</p>" in page
    assert "<td><code>id</code>, required</td><td>string, maxLength <code>28</code></td>" in page
    assert 'array of <a href="schemas.md#task">Task</a>' in page


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"enum": ["a", "b"]}, "<code>a</code> or <code>b</code>"),
        ({"const": 1}, "<code>1</code>"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "values: string"),
        ({"type": "string", "pattern": "<a|b>"}, "<code>&lt;a|b&gt;</code>"),
        ({}, "any"),
    ],
)
def test_a_type_is_shown_with_its_choices(schema: JsonObject, shown: str) -> None:
    assert shown in type_of(schema)


def test_messages_of_live_updates_link_to_their_schemas_on_the_same_page() -> None:
    page = messages_page(
        {
            "info": {"description": "Subscribe."},
            "operations": {
                "send": {"summary": "Events", "messages": [{"$ref": "#/channels/a/messages/Pong"}]}
            },
            "components": {
                "messages": {"Pong": {"payload": {"$ref": "#/components/schemas/PongData"}}},
                "schemas": {"PongData": {"type": "object"}},
            },
        }
    )

    assert "## Events" in page
    assert '<a href="#pongdata">PongData</a>' in page
    assert "## PongData { #pongdata }" in page


def test_a_site_without_faults_has_no_problems(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="a/#x">a</a><a href="https://x.org">x</a><a href="mailto:a@b.org">m</a>'
    )
    (tmp_path / "a" / "index.html").write_text('<p id="x"><a href="..">up</a><a href="#x">x</a>')

    assert site_problems(tmp_path) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="b.html">b</a>', "b.html leads to nothing"),
        ('<a href="#y">y</a>', "#y has no such anchor"),
        ('<img src="https://x.org/a.png">', "https://x.org/a.png is loaded from another host"),
        ('<script src="//x.org/a.js"></script>', "//x.org/a.js is loaded from another host"),
    ],
)
def test_a_dead_link_or_a_foreign_resource_is_a_problem(
    tmp_path: Path, html: str, problem: str
) -> None:
    (tmp_path / "index.html").write_text(html)

    assert site_problems(tmp_path) == [f"index.html: {problem}"]


def test_a_stylesheet_that_loads_from_another_host_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@font-face{src:url('https://x.org/a.woff2')} a{b:url(c.svg)}")

    assert site_problems(tmp_path) == ["a.css: https://x.org/a.woff2 is loaded from another host"]


def test_a_script_with_another_checksum_is_refused_and_removed(tmp_path: Path) -> None:
    package = tmp_path / f"mermaid-{MERMAID_VERSION}.tgz"
    package.write_bytes(b"something else")

    with pytest.raises(CommandError, match="has the checksum sha512-"):
        mermaid_script(tmp_path)

    assert not package.exists()


def test_releases_of_a_minor_version_share_a_folder_and_other_commits_have_main() -> None:
    assert version_folder("1.12.3", released=True) == "1.12"
    assert version_folder("1.12.3", released=False) == "main"


def test_the_latest_release_is_first_and_the_menu_begins_with_it() -> None:
    folders = version_folders(["main", "1.9", "1.10", "assets"])

    assert folders == ["1.10", "1.9", "main"]
    assert json.loads(version_list(folders))[0]["aliases"] == ["latest"]
    assert 'url=1.10/"' in first_page(folders)
