"""Checks a built site: links and anchors lead to something, and no other host is asked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from os.path import normpath
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_LOADED: Final = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("link", "href"),
}
"""What a browser requests by itself."""
_LINKED: Final = {*_LOADED, ("a", "href")}
_STYLE_URL: Final = re.compile(r"(?:url\(|@import\s+)['\"]?((?:https?:)?//[^'\")\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    value: str
    is_loaded: bool


class _Page(HTMLParser):
    """The anchors and references of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.references: list[_Reference] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.anchors.add(value)
            elif (tag, name) in _LINKED and value:
                loaded = (tag, name) in _LOADED
                self.references.append(_Reference(value=value, is_loaded=loaded))


def site_problems(site: Path) -> list[str]:
    """Return the dead links and the foreign resources of all pages and stylesheets."""
    return [*_dead_links(site), *_foreign_styles(site)]


def _dead_links(site: Path) -> Iterator[str]:
    pages = {path: _read_page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for reference in page.references:
            if problem := _problem(site, path, reference, pages):
                yield f"{path.relative_to(site)}: {reference.value} {problem}"


def _problem(site: Path, path: Path, reference: _Reference, pages: Mapping[Path, _Page]) -> str:
    """Return what is wrong with a reference, or nothing."""
    address = urlsplit(reference.value)
    if address.scheme or address.netloc:
        return "is loaded from another host" if reference.is_loaded else ""
    target = _target(site, path, unquote(address.path))
    if not target.is_file():
        return "leads to nothing"
    anchor = unquote(address.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "has no such anchor"
    return ""


def _target(site: Path, page: Path, link: str) -> Path:
    """Return the file that a link leads to; a path with a slash begins at the site."""
    base = site if link.startswith("/") else page.parent
    target = Path(normpath(base / link.lstrip("/"))) if link else page
    return target / "index.html" if target.is_dir() else target


def _foreign_styles(site: Path) -> Iterator[str]:
    for path in sorted(site.rglob("*.css")):
        for url in _STYLE_URL.findall(path.read_text()):
            yield f"{path.relative_to(site)}: {url} is loaded from another host"


def _read_page(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text())
    return page
