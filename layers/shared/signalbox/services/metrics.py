"""Count changes from the streams of the tables, and read the counters.

Nothing is counted while a request is served: the stream of each table has every change once, in
pages, and the counters store how far it was read. See docs/decisions/0006-counters.md.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from signalbox.models.circuit import Circuit
from signalbox.models.errors import SignalboxError, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.gateway_metrics import ServiceMetrics
from signalbox.models.ids import ConnectionId
from signalbox.models.metrics import Counts
from signalbox.models.redelivery import RedeliveryState
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.metrics import CounterStore, Feed
from signalbox.services.ports.time import TimeLeft
from signalbox.services.queues.backlog import MeasureBacklog, QueueBacklog

_MAX_RACES: Final = 3


@frozen
class CountChanges:
    """Count the changes of the feeds. Any number of processes may do so at once."""

    feeds: Sequence[Feed]
    counters: CounterStore

    def __call__(self, time_left: TimeLeft) -> Mapping[str, SignalboxError]:
        """Count what is new and return the feeds that are behind, with the error; usually none."""
        behind = {}
        for feed in self.feeds:
            try:
                self._catch_up(feed, time_left)
            except (Unavailable, WriteConflict) as error:
                behind[feed.name] = error
        return behind

    def _catch_up(self, feed: Feed, time_left: TimeLeft) -> None:
        for _ in range(_MAX_RACES - 1):
            try:
                return self._count(feed, time_left)
            except WriteConflict:
                continue  # another process counts too: continue from its position
        return self._count(feed, time_left)

    def _count(self, feed: Feed, time_left: TimeLeft) -> None:
        for page in feed.pages(self.counters.positions(feed.name)):
            if time_left() <= 0:
                raise Unavailable("there was no time to count everything")
            self.counters.advance(feed.name, page)


def oldest_pending(deliveries: DeliveryStore) -> datetime | None:
    """Return when the deferred delivery that is due first was received, None without one."""
    due = next(deliveries.due(chunk=1), None)
    return due.received_at if due else None


@frozen
class MetricsSnapshot:
    """The current metrics. `complete` is False if some changes are not counted yet.

    `redelivery` has what is known of the logs of providers, by the keys of the sources.
    `oldest_pending` is when the deferred delivery that is due first was received.
    """

    counts: Counts
    queues: Sequence[QueueBacklog]
    circuits: Mapping[ConnectionId, Circuit]
    redelivery: Mapping[str, RedeliveryState]
    oldest_pending: datetime | None
    services: Sequence[ServiceMetrics]
    complete: bool


@frozen
class ReadMetrics:
    """Read the counters, the queues, the circuits, the missed deliveries and the services."""

    count: CountChanges
    inspect: MeasureBacklog
    circuits: Callable[[], Mapping[ConnectionId, Circuit]]
    redelivery: Callable[[], Mapping[str, RedeliveryState]]
    deliveries: DeliveryStore
    services: Callable[[], Sequence[ServiceMetrics]]

    def __call__(self, time_left: TimeLeft) -> MetricsSnapshot:
        """Return the metrics, after counting for as long as there is time.

        Raises:
            Unavailable: A store or a queue did not answer.
        """
        behind = self.count(time_left)
        return MetricsSnapshot(
            counts=self.count.counters.totals(),
            queues=self.inspect(),
            circuits=self.circuits(),
            redelivery=self.redelivery(),
            oldest_pending=oldest_pending(self.deliveries),
            services=self.services(),
            complete=not behind,
        )
