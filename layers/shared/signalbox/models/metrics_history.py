"""Metrics over time: the counters as they were at regular times, and what they grew by between."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from signalbox.models.base import EPOCH, Model, UtcDatetime
from signalbox.models.frozen import frozen
from signalbox.models.metrics import Counts, Metric, add_counts, counts_by_label

_GROWING: Final = (Metric.REQUESTS, Metric.DEFERRED, Metric.STEPS, Metric.NOTIFICATIONS)
_RECORDED: Final = frozenset({*_GROWING, Metric.TASKS})


class HistoryResolution(StrEnum):
    """How far apart the points of a history are."""

    MINUTES = "5m"
    HOURS = "1h"

    @property
    def step(self) -> timedelta:
        """Return the time between two points."""
        return timedelta(minutes=5) if self is HistoryResolution.MINUTES else timedelta(hours=1)

    @property
    def retention(self) -> timedelta:
        """Return for how long points are stored."""
        return timedelta(days=2) if self is HistoryResolution.MINUTES else timedelta(days=35)

    def start_of(self, at: datetime) -> datetime:
        """Return the time of the point at or before this time."""
        return at - (at - EPOCH) % self.step

    def times(self, since: datetime, until: datetime) -> list[datetime]:
        """Return the times of all points between these times, both included."""
        first, last = self.start_of(since), self.start_of(until)
        return [first + number * self.step for number in range((last - first) // self.step + 1)]


class MetricsPoint(Model):
    """The counters at a time: totals since the installation."""

    at: UtcDatetime
    counts: dict[str, int]


@frozen
class MetricsInterval:
    """What was counted between two times. `stored` are the tasks at its end by status."""

    since: datetime
    until: datetime
    counts: Counts
    stored: Counts


def recorded_counts(counts: Counts) -> dict[str, int]:
    """Return the counters that have a history."""
    return {name: number for name, number in counts.items() if _metric(name) in _RECORDED}


def intervals(points: Iterable[MetricsPoint]) -> Iterator[MetricsInterval]:
    """Yield what was counted between each two points. A missing point joins two intervals."""
    for before, after in pairwise(points):
        yield MetricsInterval(
            since=before.at,
            until=after.at,
            counts=growth(before.counts, after.counts),
            stored=counts_by_last_label(after.counts, Metric.TASKS),
        )


def growth(before: Counts, after: Counts) -> Counts:
    """Return what the counters that only grow have grown by."""
    less = {name: -number for name, number in before.items()}
    grown = add_counts([after, less])
    return {
        name: number for name, number in grown.items() if _metric(name) in _GROWING and number > 0
    }


def counts_by_first_label(counts: Counts, metric: Metric) -> dict[str, int]:
    """Return the counts of a metric by its first label, such as the provider of any outcome."""
    return _counts_by(counts, metric, 0)


def counts_by_last_label(counts: Counts, metric: Metric) -> dict[str, int]:
    """Return the counts of a metric by its last label, such as the outcome of any provider."""
    return _counts_by(counts, metric, -1)


def _counts_by(counts: Counts, metric: Metric, position: int) -> dict[str, int]:
    total: Counter[str] = Counter()
    for labels, number in counts_by_label(counts, metric).items():
        total[labels[position]] += number
    return dict(sorted(total.items()))


def _metric(name: str) -> str:
    return name.partition("|")[0]
