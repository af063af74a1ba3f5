"""Versions by https://semver.org/spec/v2.0.0.html, without pre-releases and build metadata."""

import re
from dataclasses import dataclass
from typing import Final, Self

from cli.errors import CommandError

_NUMBER: Final = r"(0|[1-9]\d*)"
_VERSION: Final = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")


@dataclass(frozen=True, slots=True, order=True)
class SemanticVersion:
    """MAJOR.MINOR.PATCH."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the version.

        Raises:
            CommandError: The text is none.
        """
        found = _VERSION.fullmatch(text)
        if found is None:
            raise CommandError(f"a version is MAJOR.MINOR.PATCH, such as 1.4.0: {text!r}")
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        """Return the version as it is written."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def tag(self) -> str:
        """Return the name of the tag in git."""
        return f"v{self}"
