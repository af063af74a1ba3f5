"""Which files of the repository are pages of the site, and where their links lead there."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.release.checkout import Checkout

ROOT_PAGES: Final[Mapping[str, str]] = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "clients/python/README.md": "python-client.md",
}
"""Pages outside of docs/, by their path in the repository."""

_DOCS: Final = "docs/"
_FILES: Final = "files/"
_LINK: Final = re.compile(r"(?P<start>\]\()(?P<target>(?:[^()\s]|\([^()\s]*\))+)(?=[\s)])")
_CODE: Final = re.compile(
    r"(^ *```.*?^ *```$|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))", re.MULTILINE | re.DOTALL
)
_LABELS: Final = re.compile(r"(?<=```)(\w*) [^\n`]*(?=\n)")
_TICKS: Final = re.compile(r"`+")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*:")


def site_path(path: str) -> str:
    """Return where a file of the repository, or a folder that ends in `/`, is on the site."""
    place = ROOT_PAGES.get(path) or (
        path.removeprefix(_DOCS) if path.startswith(_DOCS) else _FILES + path
    )
    return f"{place}index.md" if place.endswith("/") else place


def page_text(root: Path, path: str, target: Callable[[str], None]) -> str:
    """Return the text of a page with links as they are on the site.

    Args:
        root: The repository.
        path: The page in it.
        target: Is called with the path of each file and folder that the page links to.

    Raises:
        CommandError: A link leads to nothing.
    """
    text = (root / path).read_text()
    return "".join(
        # labels after the language are for tests, and no Markdown extension knows them
        _LABELS.sub(r"\1", part, count=1) if is_code else _with_links(part, root, path, target)
        for is_code, part in _code_and_prose(text)
    )


def folder_page(root: Path, folder: str) -> str:
    """Return a page with the pages of a folder, and with its other files as text.

    Files that are not in git stay where they are: they may have secrets.

    Raises:
        CommandError: The folder is in no checkout.
    """
    title = Path(folder).name.replace("-", " ").capitalize()
    lines = [f"# {title}", ""]
    for file in sorted(root / name for name in Checkout(root=root).files(folder)):
        if file.parent != root / folder:
            continue
        if file.suffix == ".md":
            lines.append(f"- [{page_title(file)}]({file.name})")
        else:
            lines += ["", f"## {file.name}", "", *_as_code(file)]
    return "\n".join(lines) + "\n"


def page_title(page: Path) -> str:
    """Return the text of the first heading."""
    return page.read_text().partition("\n")[0].lstrip("# ").strip()


def _as_code(file: Path) -> list[str]:
    text = file.read_text().rstrip()
    longest = max(map(len, _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = "yaml" if file.suffix in {".yaml", ".yml"} else ""
    return [f"{fence}{language}", text, fence]


def _code_and_prose(text: str) -> Iterator[tuple[bool, str]]:
    position = 0
    for code in _CODE.finditer(text):
        yield False, text[position : code.start()]
        yield True, code[0]
        position = code.end()
    yield False, text[position:]


def _with_links(prose: str, root: Path, path: str, target: Callable[[str], None]) -> str:
    def changed(link: re.Match[str]) -> str:
        file, mark, anchor = link["target"].partition("#")
        if not file or _ADDRESS.match(file):
            return link[0]
        found = _in_repository(root, path, file)
        target(found)
        here = posixpath.dirname(site_path(path))
        return f"{link['start']}{posixpath.relpath(site_path(found), here or '.')}{mark}{anchor}"

    return _LINK.sub(changed, prose)


def _in_repository(root: Path, page: str, link: str) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    if path in {".", "docs"} or path.startswith("../") or not (root / path).exists():
        raise CommandError(f"{page} links to {link}, which is no page and no file")
    return f"{path}/" if (root / path).is_dir() else path
