"""Counts what happened, from the streams of the tables, and reads the counts.

Nobody on the way of a request counts anything: each table's stream tells of every change once, in
pages, and the counters remember how far it was read. See docs/decisions/0009-counters.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.metrics import Counts
from signalbox.services.ports import TimeLeft
from signalbox.services.queues import InspectQueues, QueueState

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
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

    def pages(self, reached: Mapping[str, str]) -> Iterator[Page]:
        """What is to be counted behind the places reached, read as it is consumed.

        Raises Unavailable.
        """


class CounterStore(Protocol):
    """Where counts are kept."""

    def reached(self, feed: str) -> Mapping[str, str]:
        """How far each shard of this feed was read. Raises Unavailable."""

    def advance(self, feed: str, page: Page) -> None:
        """Adds a page's counts and moves the place of its shard, both or neither.

        Raises WriteConflict where the place is no longer the one before the page, Unavailable.
        """

    def totals(self) -> Counts:
        """All counts. Raises Unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChanges:
    """Counts what the feeds tell, however many do so at once."""

    feeds: Sequence[Feed]
    counters: CounterStore

    def __call__(self, time_left: TimeLeft) -> bool:
        """Whether all that has happened so far is counted now; False where time was short."""
        caught_up = [self._caught_up(feed, time_left) for feed in self.feeds]
        return all(caught_up)

    def _caught_up(self, feed: Feed, time_left: TimeLeft) -> bool:
        for _ in range(_TRIES):
            try:
                return self._counted(feed, time_left)
            except WriteConflict:
                continue  # somebody else counts too: go on from where they are
            except Unavailable:
                return False
        return False

    def _counted(self, feed: Feed, time_left: TimeLeft) -> bool:
        for page in feed.pages(self.counters.reached(feed.name)):
            if time_left() <= 0:
                return False
            self.counters.advance(feed.name, page)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is known now. `complete` says whether everything that has happened is counted."""

    counts: Counts
    queues: Sequence[QueueState]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMetrics:
    """Reads the counts and looks into the queues."""

    count: CountChanges
    inspect: InspectQueues

    def __call__(self, time_left: TimeLeft) -> Figures:
        """The figures, brought up to date in the time that is left. Raises Unavailable."""
        complete = self.count(time_left)
        return Figures(
            counts=self.count.counters.totals(), queues=self.inspect(), complete=complete
        )
