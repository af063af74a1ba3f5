"""Pagination of lists: query parameters and cursors."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from signalbox.auth.cursors import Cursors
from signalbox.models.base import Rfc3339
from signalbox.models.frozen import frozen

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


@frozen
class Pagination:
    """The pagination of one list. A cursor is valid for the same list, filters and limit."""

    cursors: Cursors
    path: str
    filters: object
    limit: int

    def after(self, cursor: str | None) -> str | None:
        """Return the position after which the page starts.

        Raises:
            PayloadInvalid: The cursor is not valid for this list.
        """
        return None if cursor is None else self.cursors.read(cursor, self._signed_filters)

    def following(self, after: str | None) -> str | None:
        """Return the cursor of the next page after this position, None at the end."""
        return None if after is None else self.cursors.sign(after, self._signed_filters)

    @property
    def _signed_filters(self) -> str:
        return f"{self.path} {self.filters} {self.limit}"
