"""The built dashboard: what functions/dashboard/static holds, whoever built it."""

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "functions/dashboard/static"
ASSETS = sorted((STATIC / "assets").iterdir())
FIRST_VIEW_LIMIT = 100_000
PLAIN_LIMIT = 1_000_000
# what the files name but never load: XML namespaces, and what the steps of providers speak of
_NAMES = {
    "http://www.w3.org/",
    "https://api.slack.com/",
    "https://api.trello.com/",
    "https://discord.com/",
    "https://trello.com/",
}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.inline: list[str] = []
        self._in_code = False
        self.feed((STATIC / "index.html").read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"script", "link"}:
            self.references.append(values.get("src") or values.get("href") or "")
        self._in_code = tag in {"script", "style"}
        self.inline += [name for name in values if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code and data.strip():
            self.inline.append(data)


def chunks_of(name: str, *, dynamic: bool) -> set[str]:
    """Return the chunks that a chunk imports, with those that it may load later."""
    code = (STATIC / "assets" / name).read_text()
    imported = set(re.findall(r'(?:from|import)"\./([\w-]+\.js)"', code))
    return imported | (set(re.findall(r'import\("\./([\w-]+\.js)"\)', code)) if dynamic else set())


def reachable(start: str, *, dynamic: bool) -> set[str]:
    known: set[str] = set()
    waiting = {start}
    while waiting:
        name = waiting.pop()
        known.add(name)
        waiting |= chunks_of(name, dynamic=dynamic) - known
    return known


def entry() -> str:
    return next(Path(name).name for name in _Page().references if name.endswith(".js"))


def test_the_page_refers_to_files_with_hashes_that_exist() -> None:
    references = _Page().references

    assert {Path(name).suffix for name in references} == {".css", ".js", ".svg"}
    assert all(re.fullmatch(r"assets/[a-z]+-[A-Z0-9]{8}\.\w+", name) for name in references)
    assert all((STATIC / name).is_file() for name in references)


def test_the_page_has_neither_script_nor_style_of_its_own() -> None:
    assert _Page().inline == []


def test_every_script_is_reachable_from_the_page() -> None:
    scripts = {path.name for path in ASSETS if path.suffix == ".js"}

    assert reachable(entry(), dynamic=True) == scripts


def test_the_first_view_is_below_100_kb_compressed() -> None:
    overview = next(path.name for path in ASSETS if path.name.startswith("overview-"))
    scripts = reachable(entry(), dynamic=False) | reachable(overview, dynamic=False)
    others = [name for name in _Page().references if not name.endswith(".js")]
    loaded = ["index.html", *others, *(f"assets/{name}" for name in scripts)]

    size = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in loaded)

    assert size < FIRST_VIEW_LIMIT


def test_all_files_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) < PLAIN_LIMIT


@pytest.mark.parametrize("path", [STATIC / "index.html", *ASSETS], ids=lambda path: path.name)
def test_a_file_names_no_other_origin(path: Path) -> None:
    found = re.findall(r"(?:https?:|wss?:)//[\w.-]+/?", path.read_text())

    assert set(found) <= _NAMES


def test_code_is_never_made_of_text() -> None:
    scripts = "".join(path.read_text() for path in ASSETS if path.suffix == ".js")
    sources = "".join(path.read_text() for path in (ROOT / "dashboard/src").rglob("*.ts*"))

    assert not re.search(r"\beval\(|new Function\(|document\.write", scripts)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML", sources, re.IGNORECASE)


def test_the_licence_of_each_bundled_package_is_kept_beside_it() -> None:
    bundled = json.loads((ROOT / "dashboard/package.json").read_text())["dependencies"]
    imported = "".join(path.read_text() for path in (ROOT / "dashboard/src").rglob("*.ts*"))
    kept = (STATIC / "licenses.txt").read_text()

    missing = [
        f"{name} {version}"
        for name, version in bundled.items()
        if f'"{name}' in imported
        and not re.search(rf"^{name} {version} \(MIT\)$", kept, re.MULTILINE)
    ]

    assert missing == []
    assert "Permission is hereby granted" in kept


def test_no_registry_is_named_in_the_lock_file() -> None:
    lock = json.loads((ROOT / "dashboard/package-lock.json").read_text())

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
