"""The ports of metrics: counting, the streams of the tables, and the store of the counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from signalbox.models.gateway_metrics import ServiceCounts
    from signalbox.models.metrics import Counts
    from signalbox.models.metrics_history import HistoryResolution, MetricsPoint


class Count(Protocol):
    """Adds to the metrics of the installation."""

    def __call__(self, name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
        """Add a value to a metric with these dimensions."""


class CountTogether(Protocol):
    """Adds to several metrics of the installation."""

    def __call__(self, counts: Sequence[tuple[str, Mapping[str, str], int]]) -> None:
        """Add a value to each metric: its name, its dimensions and the value.

        Dimensions of one name have the same value in all of them.
        """


class ObserveDurations(Protocol):
    """Adds durations to the metrics of the installation."""

    def __call__(self, dimensions: Mapping[str, str], milliseconds: Mapping[str, float]) -> None:
        """Add one duration to each of the named metrics with these dimensions."""


@frozen
class StreamPage:
    """What a page of changes adds to the counters, and its position in its shard.

    `before` is None if the shard was never read; `after` is None once the shard can be dropped.
    """

    shard: str
    before: str | None
    after: str | None
    counts: Counts


class Feed(Protocol):
    """The changes of one table in the last 24 hours."""

    @property
    def name(self) -> str:
        """Return the name under which its position is stored."""

    def pages(self, reached: Mapping[str, str]) -> Iterator[StreamPage]:
        """Yield the pages after these positions, read lazily.

        Raises:
            Unavailable: The stream did not answer.
        """


class CounterStore(Protocol):
    """Stores counters."""

    def positions(self, feed: str) -> Mapping[str, str]:
        """Return the position up to which each shard of this feed was counted.

        Raises:
            Unavailable: The store did not answer.
        """

    def advance(self, feed: str, page: StreamPage) -> None:
        """Add the counts of a page and move the position of its shard, atomically.

        Raises:
            WriteConflict: The position is not the one before the page.
            Unavailable: The store did not answer.
        """

    def totals(self) -> Counts:
        """Return all counts.

        Raises:
            Unavailable: The store did not answer.
        """


class MetricsHistoryStore(Protocol):
    """Stores the counters at regular times."""

    def put_new(self, resolution: HistoryResolution, point: MetricsPoint) -> bool:
        """Store a point; return False if there is one at its time.

        Raises:
            Unavailable: The store did not answer.
        """

    def batch_get(
        self, resolution: HistoryResolution, times: Iterable[datetime]
    ) -> Sequence[MetricsPoint]:
        """Return the points at these times that exist, in no order.

        Raises:
            Unavailable: The store did not answer.
        """


class RequestCounterStore(Protocol):
    """Stores the counters of the requests to services."""

    def add(self, service: str, counts: Counts) -> Counts:
        """Add counts, and return all of the service. A lost answer may count twice.

        Raises:
            Unavailable: The store did not answer.
        """

    def batch_get(self, services: Iterable[str]) -> Mapping[str, ServiceCounts]:
        """Return the counters of those services that have any.

        Raises:
            Unavailable: The store did not answer.
        """
