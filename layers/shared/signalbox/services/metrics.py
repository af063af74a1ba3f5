"""Counts what happened, from the streams of the tables, and reads the counts.

Nobody on the way of a request counts anything: each table's stream tells of every change once, in
pages, and the counters remember how far it was read. See docs/decisions/0006-counters.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from signalbox.models.circuit import Circuit
from signalbox.models.errors import SignalboxError, Unavailable, WriteConflict
from signalbox.models.ids import ConnectionId
from signalbox.models.metrics import Counts
from signalbox.services.ports.metrics import CounterStore, Feed
from signalbox.services.ports.time import TimeLeft
from signalbox.services.queues.backlog import MeasureBacklog, QueueBacklog

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChanges:
    """Counts what the feeds tell, however many do so at once."""

    feeds: Sequence[Feed]
    counters: CounterStore

    def __call__(self, time_left: TimeLeft) -> Mapping[str, SignalboxError]:
        """The feeds that are not counted up to now, and what came between; mostly none."""
        behind = {}
        for feed in self.feeds:
            try:
                self._catch_up(feed, time_left)
            except (Unavailable, WriteConflict) as trouble:
                behind[feed.name] = trouble
        return behind

    def _catch_up(self, feed: Feed, time_left: TimeLeft) -> None:
        for _ in range(_TRIES - 1):
            try:
                return self._count(feed, time_left)
            except WriteConflict:
                continue  # somebody else counts too: go on from where they are
        return self._count(feed, time_left)

    def _count(self, feed: Feed, time_left: TimeLeft) -> None:
        for page in feed.pages(self.counters.positions(feed.name)):
            if time_left() <= 0:
                raise Unavailable("there was no time to count everything")
            self.counters.advance(feed.name, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSnapshot:
    """What is known now. `complete` says whether everything that has happened is counted."""

    counts: Counts
    queues: Sequence[QueueBacklog]
    circuits: Mapping[ConnectionId, Circuit]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMetrics:
    """Reads the counts, looks into the queues and at the circuits."""

    count: CountChanges
    inspect: MeasureBacklog
    circuits: Callable[[], Mapping[ConnectionId, Circuit]]

    def __call__(self, time_left: TimeLeft) -> MetricsSnapshot:
        """The figures, brought up to date in the time that is left. Raises Unavailable."""
        behind = self.count(time_left)
        return MetricsSnapshot(
            counts=self.count.counters.totals(),
            queues=self.inspect(),
            circuits=self.circuits(),
            complete=not behind,
        )
