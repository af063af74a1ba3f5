"""Pages of a list that is read lazily."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Generic, TypeVar

from signalbox.models.frozen import frozen

T = TypeVar("T")

_MAX_READS_PER_ITEM: Final = 10
"""How many items are read at most for each one that is asked for."""


@frozen
class Page(Generic[T]):
    """Some items, and the position after which the next page starts, None at the end.

    A page may be short or empty without being the last: at most ten items are read for each one
    that is asked for.
    """

    items: Sequence[T]
    after: str | None


def collect_page(rows: Iterable[tuple[str, T | None]], limit: int) -> Page[T]:
    """Return the first `limit` items of a list of positions, each with its item or None."""
    items: list[T] = []
    last = None
    for reads, (position, item) in enumerate(rows):
        if len(items) == limit or reads == limit * _MAX_READS_PER_ITEM:
            return Page(items=items, after=last)
        last = position
        if item is not None:
            items.append(item)
    return Page(items=items, after=None)


def chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


@frozen
class Window:
    """A part of a list: created at or after `since`, before `until`; after the position `after`.

    `chunk` is how many are read at once.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    chunk: int = 25
