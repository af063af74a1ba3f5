"""The versions of the site in folders side by side, the list for its menu, and the first page."""

import json
import re
from collections.abc import Iterable
from typing import Final

UNRELEASED: Final = "main"
_FOLDER: Final = re.compile(r"(\d+)\.(\d+)|main")


def version_folder(version: str, *, released: bool) -> str:
    """Return the folder of a version; releases of a minor version replace each other."""
    return ".".join(version.split(".")[:2]) if released else UNRELEASED


def version_folders(names: Iterable[str]) -> list[str]:
    """Return those names that are folders of versions, the latest release first."""
    found = [match for name in names if (match := _FOLDER.fullmatch(name))]
    return [match[0] for match in sorted(found, key=_order, reverse=True)]


def version_list(folders: list[str]) -> str:
    """Return versions.json in the form of mike, which the theme reads.

    https://github.com/jimporter/mike#deploying-docs
    """
    rows = [
        {"version": name, "title": name, "aliases": ["latest"] if name == folders[0] else []}
        for name in folders
    ]
    return json.dumps(rows, indent=1)


def first_page(folders: list[str]) -> str:
    """Return a page that leads to the latest release, or to `main` before the first."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Signalbox</title>'
        f'<meta http-equiv="refresh" content="0; url={folders[0]}/">'
        f'<a href="{folders[0]}/">Documentation</a></html>\n'
    )


def _order(folder: re.Match[str]) -> tuple[int, int]:
    return (int(folder[1]), int(folder[2])) if folder[1] else (-1, -1)
