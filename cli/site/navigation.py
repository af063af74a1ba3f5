"""The navigation of the site, in docs/navigation.yaml: sections with pages, or with a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter, ValidationError

from cli.errors import CommandError

_SECTIONS: Final = TypeAdapter(dict[str, list[str] | str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A title, and the pages below it, by their paths in the repository."""

    title: str
    pages: tuple[str, ...]


def read_navigation(root: Path) -> list[Section]:
    """Return the sections, with the pages of folders in place of the folders.

    Raises:
        CommandError: The file has another form, names a page twice, or one that does not exist.
    """
    path = root / "docs" / "navigation.yaml"
    try:
        sections = _SECTIONS.validate_python(yaml.safe_load(path.read_text()))
    except (ValidationError, yaml.YAMLError) as error:
        raise CommandError(f"{path.name} has sections with a folder or with pages") from error
    found = [
        Section(title=title, pages=tuple(_pages(root, entry))) for title, entry in sections.items()
    ]
    _check(root, [page for section in found for page in section.pages])
    return found


def _pages(root: Path, entry: list[str] | str) -> list[str]:
    if isinstance(entry, list):
        return entry
    pages = sorted((root / entry).glob("*.md"))
    return [entry, *(page.relative_to(root).as_posix() for page in pages)]


def _check(root: Path, pages: Sequence[str]) -> None:
    for page in pages:
        if pages.count(page) > 1:
            raise CommandError(f"navigation.yaml names {page} twice")
        if not (root / page).exists():
            raise CommandError(f"navigation.yaml names {page}, which does not exist")
