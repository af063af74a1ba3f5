"""Pages of a list that is read as it is consumed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_LOOKED_AT: Final = 10
"""How many things are looked at for each one asked for, at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some things, and the position after which the next ones stand, None at the end.

    A page may be short, or empty, and still not be the last: no more than ten things are looked at
    for each one asked for.
    """

    items: Sequence[T]
    after: str | None


def collect_page(rows: Iterable[tuple[str, T | None]], limit: int) -> Page[T]:
    """The first `limit` things of a list of positions, each with what fits there or None."""
    found: list[T] = []
    last = None
    for looked_at, (position, thing) in enumerate(rows):
        if len(found) == limit or looked_at == limit * _LOOKED_AT:
            return Page(items=found, after=last)
        last = position
        if thing is not None:
            found.append(thing)
    return Page(items=found, after=None)


def chunked(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """So many things at a time."""
    left = iter(things)
    while chunk := list(islice(left, size)):
        yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a list: created at or after `since`, before `until`; after the position `after`.

    `chunk` is how many are read at once.
    """

    since: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    chunk: int = 25
