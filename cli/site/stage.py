"""The sources of the site: every page with its links, the files that they lead to, the settings."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.site.navigation import Section, read_navigation
from cli.site.pages import folder_page, page_text, site_path

_REFERENCE = "reference/"


def stage_site(root: Path, folder: Path, reference: Mapping[str, str]) -> None:
    """Write the sources of the site into an empty folder.

    Args:
        root: The repository.
        folder: Where `docs/` and `zensical.toml` are written.
        reference: The pages of the API reference, by their names, in their order.

    Raises:
        CommandError: The navigation or a link leads to nothing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    sections = read_navigation(root)
    for path, text in site_sources(root, sections).items():
        _write(folder / "docs" / path, text)
    for name, page in reference.items():
        _write(folder / "docs" / _REFERENCE / name, page.encode())
    _write(folder / "zensical.toml", settings(root, sections, list(reference)).encode())


def site_sources(root: Path, sections: Sequence[Section]) -> dict[str, bytes]:
    """Return the pages of the navigation and all files that they link to, by their places."""
    found: dict[str, bytes] = {}
    pending = [page for section in sections for page in section.pages]
    while pending:
        path = pending.pop()
        place = site_path(path)
        if place not in found:
            found[place] = _content(root, path, pending)
    return found


def settings(root: Path, sections: Sequence[Section], reference: Sequence[str]) -> str:
    """Return zensical.toml with the navigation; a JSON text of these is TOML too."""
    entries = [(one.title, [site_path(page) for page in one.pages]) for one in sections]
    entries.append(("API reference", [f"{_REFERENCE}{name}" for name in reference]))
    lines = [f"    {{ {json.dumps(title)} = {json.dumps(pages)} }},\n" for title, pages in entries]
    written = (root / "docs" / "zensical.toml").read_text()
    return written.replace("[project]\n", f"[project]\nnav = [\n{''.join(lines)}]\n", 1)


def _content(root: Path, path: str, pending: list[str]) -> bytes:
    if path.endswith("/"):
        return folder_page(root, path).encode()
    if path.endswith(".md"):
        return page_text(root, path, pending.append).encode()
    return (root / path).read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
