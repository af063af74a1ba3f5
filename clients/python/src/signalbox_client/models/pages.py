"""What pages of lists have in common."""

from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """A page of a list."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """Return what is on the page."""

    @property
    def next(self) -> str | None:
        """Return the cursor of the next page, None at the end."""
