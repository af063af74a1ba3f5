"""The facts of an event within the limits of a task, whatever the provider sent."""

import re
from collections.abc import Iterable
from typing import Final

from signalbox.models.event import Author
from signalbox.models.text import one_line

_COMMIT: Final = re.compile(r"(?!0+$)(?:[0-9a-f]{40}|[0-9a-f]{64})")
_HOST: Final = re.compile(r"https?://([^/?#]{1,253})", re.IGNORECASE)
_MAX_NAME: Final = 255
_MAX_LABELS: Final = 100


def author(name: str | None, *, automated: bool = False) -> Author | None:
    """Return the author of this name; none where the provider names nobody."""
    line = short_name(name)
    return Author(name=line, automated=automated) if line else None


def short_name(text: str | None) -> str | None:
    """Return the name of a repository, a branch or a label in one line; none if it is empty."""
    return one_line(text, _MAX_NAME) or None if text else None


def commit_id(text: str | None) -> str | None:
    """Return the text if it is the full id of a commit, and not the zeros of a deleted branch."""
    return text if text and _COMMIT.fullmatch(text) else None


def label_names(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return the names of the labels that have one, at most 100."""
    return tuple(name for name in map(short_name, names) if name)[:_MAX_LABELS]


def joined(*parts: str | None) -> str:
    """Return the parts that are not empty, each once: `CI: Fix the login`."""
    return ": ".join(dict.fromkeys(part for part in parts if part))


def host_of(url: str | None) -> str:
    """Return the host of a URL, with its port, in lower case; empty if it has none.

    Ids are unique per host only, where people run a service themselves.
    """
    found = _HOST.match(url or "")
    return found[1].lower() if found else ""
