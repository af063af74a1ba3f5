"""The sections of CHANGELOG.md: `## Unreleased`, and `## 1.4.0 (2026-12-01)` of each release."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from cli.errors import CommandError

UNRELEASED_TITLE: Final = "Unreleased"
_SECTION: Final = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!## ).*\n?)*)", re.MULTILINE)
_RELEASE: Final = re.compile(r"(?P<version>\S+) \((?P<date>\d{4}-\d\d-\d\d)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseNotes:
    """What changed in a version, and when it was released."""

    version: str
    released_on: date
    text: str


def release_notes(changelog: str, version: str) -> ReleaseNotes:
    """Return the section of the version.

    Raises:
        CommandError: It is missing, empty, has no date, or is not the newest; or `Unreleased` has
            entries, which would not be part of any release.
    """
    sections = [(match["title"], match["text"].strip()) for match in _SECTION.finditer(changelog)]
    if any(title == UNRELEASED_TITLE and text for title, text in sections):
        raise CommandError(
            f"CHANGELOG.md: move the entries of {UNRELEASED_TITLE} to ## {version} (date)"
        )
    released = [(title, text) for title, text in sections if title != UNRELEASED_TITLE]
    if not released:
        raise CommandError(f"CHANGELOG.md has no section ## {version} (date)")
    title, text = released[0]
    found = _RELEASE.fullmatch(title)
    if found is None or found["version"] != version:
        raise CommandError(f"CHANGELOG.md: the newest section is not ## {version} (date): {title}")
    if not text:
        raise CommandError(f"CHANGELOG.md: the section of {version} is empty")
    return ReleaseNotes(version=version, released_on=_date(found["date"]), text=text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"CHANGELOG.md: {text} is no date") from error
