"""What all lists have in common: their query, and the cursor of the page behind."""

from dataclasses import dataclass
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from signalbox.auth.cursors import Cursors
from signalbox.models.base import Rfc3339

DEFAULT_PAGE_SIZE: Final = 50
TimeQuery = Annotated[
    Rfc3339 | None,
    Query(description="A moment with its time zone, such as 2026-03-01T12:00:00Z"),
]
LimitQuery = Annotated[int, Query(ge=1, le=100)]
CursorQuery = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
IdPath = Annotated[str, Path(max_length=128)]
DryRunQuery = Annotated[bool, Query(description="Say what would be done, and do nothing")]
TextQuery = Annotated[str | None, Query(max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """How one list is cut into pages: a cursor holds for one list, filter and limit."""

    cursors: Cursors
    path: str
    wanted: object
    limit: int

    def after(self, cursor: str | None) -> str | None:
        """Return the position that a page starts behind.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        return None if cursor is None else self.cursors.read(cursor, self._bound_to)

    def following(self, after: str | None) -> str | None:
        """Return the cursor of the page behind this position, None if there is none."""
        return None if after is None else self.cursors.sign(after, self._bound_to)

    @property
    def _bound_to(self) -> str:
        return f"{self.path} {self.wanted} {self.limit}"
