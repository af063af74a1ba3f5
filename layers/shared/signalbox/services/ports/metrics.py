"""The ports of metrics: counting, and the streams and the store of the counters."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from signalbox.models.metrics import Counts

Count = Callable[[str, Mapping[str, str]], None]
"""Adds one to a metric with these dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPage:
    """What some changes of one shard add, and between which places of the shard they stand.

    `before` is None where the shard was never read, `after` where it can be forgotten.
    """

    shard: str
    before: str | None
    after: str | None
    counts: Counts


class Feed(Protocol):
    """The changes of one table, for a day."""

    @property
    def name(self) -> str:
        """The word that its place is kept under."""

    def pages(self, reached: Mapping[str, str]) -> Iterator[StreamPage]:
        """What is to be counted behind the places reached, read as it is consumed.

        Raises Unavailable.
        """


class CounterStore(Protocol):
    """Where counts are kept."""

    def positions(self, feed: str) -> Mapping[str, str]:
        """How far each shard of this feed was read. Raises Unavailable."""

    def advance(self, feed: str, page: StreamPage) -> None:
        """Adds a page's counts and moves the place of its shard, both or neither.

        Raises WriteConflict where the place is no longer the one before the page, Unavailable.
        """

    def totals(self) -> Counts:
        """All counts. Raises Unavailable."""
