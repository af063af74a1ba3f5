"""What all lists have in common: their query, and the cursor of the page behind."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BeforeValidator

from signalbox.auth.cursors import Cursors

LIMIT: Final = 50
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _written_out(given: object) -> object:
    """Raises ValueError for what is no moment by RFC 3339, a number for instance."""
    if isinstance(given, str) and not _MOMENT.fullmatch(given):
        raise ValueError("a moment is of the form 2026-03-01T12:00:00Z")
    return given


At = Annotated[
    datetime | None,
    BeforeValidator(_written_out),
    Query(description="A moment with its time zone, such as 2026-03-01T12:00:00Z"),
]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
Id = Annotated[str, Path(max_length=128)]
Word = Annotated[str | None, Query(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How one list is cut into pages: a cursor holds for one list, filter and limit."""

    cursors: Cursors
    path: str
    wanted: object
    limit: int

    def after(self, cursor: str | None) -> str | None:
        """The position that a page starts behind. Raises PayloadInvalid."""
        return None if cursor is None else self.cursors.read(cursor, self._bound_to)

    def following(self, after: str | None) -> str | None:
        """The cursor of the page behind this position, None where there is none."""
        return None if after is None else self.cursors.sign(after, self._bound_to)

    @property
    def _bound_to(self) -> str:
        return f"{self.path} {self.wanted} {self.limit}"
