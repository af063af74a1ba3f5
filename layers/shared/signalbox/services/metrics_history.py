"""Read what the counters grew by over time, and what that has cost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.costs import HOURS_A_MONTH, CostShare, standing_costs, work_costs
from signalbox.models.frozen import frozen
from signalbox.models.metrics_history import (
    HistoryResolution,
    MetricsInterval,
    MetricsPoint,
    growth,
    intervals,
    recorded_counts,
)
from signalbox.services.ports.metrics import CounterStore, MetricsHistoryStore
from signalbox.services.ports.time import Clock

FINE_HOURS: Final = 24
"""Up to this many hours a history has a point for each five minutes, else for each hour."""

_PAGE: Final = 100


@frozen
class MetricsHistory:
    """A history: its intervals, the oldest first, and how far its points are apart."""

    resolution: HistoryResolution
    intervals: Sequence[MetricsInterval]


@frozen
class MonthCost:
    """What a stack has cost since a time in the current month.

    `standing` is the part that is due without any work, `month` that of a whole month.
    """

    since: datetime
    until: datetime
    work: Sequence[CostShare]
    standing: float
    month: float


@frozen
class ReadHistory:
    """Read what was counted over time, and what it has cost with the alarms that the stack has."""

    counters: CounterStore
    store: MetricsHistoryStore
    clock: Clock
    has_vendor_alarms: bool = True

    def __call__(self, hours: int) -> MetricsHistory:
        """Return the history of the last hours until now.

        Raises:
            Unavailable: The counters or the points could not be read.
        """
        fine = hours <= FINE_HOURS
        resolution = HistoryResolution.MINUTES if fine else HistoryResolution.HOURS
        now = self._now()
        times = resolution.times(now.at - timedelta(hours=hours), now.at)
        found = sorted(self.store.batch_get(resolution, times), key=lambda point: point.at)
        recorded = [point for point in found if point.at < now.at]
        return MetricsHistory(resolution=resolution, intervals=tuple(intervals([*recorded, now])))

    def last_day(self) -> MetricsInterval:
        """Return what was counted in the last 24 hours, or since the first point in them.

        Raises:
            Unavailable: The counters or the points could not be read.
        """
        now = self._now()
        (interval,) = intervals([self._first(now, now.at - timedelta(days=1)), now])
        return interval

    def cost(self) -> MonthCost:
        """Return what the stack has cost in this month, or since the first point in it.

        Raises:
            Unavailable: The counters or the points could not be read.
        """
        now = self._now()
        month = now.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        first = self._first(now, month)
        hours = (now.at - first.at) / timedelta(hours=1)
        standing = standing_costs(vendor_alarms=self.has_vendor_alarms)
        return MonthCost(
            since=first.at,
            until=now.at,
            work=work_costs(growth(first.counts, now.counts)),
            standing=standing * hours / HOURS_A_MONTH,
            month=standing,
        )

    def _now(self) -> MetricsPoint:
        return MetricsPoint(at=self.clock(), counts=recorded_counts(self.counters.totals()))

    def _first(self, now: MetricsPoint, since: datetime) -> MetricsPoint:
        """Return the first hourly point since a time, else now."""
        resolution = HistoryResolution.HOURS
        times = resolution.times(since, now.at)
        for start in range(0, len(times), _PAGE):
            found = self.store.batch_get(resolution, times[start : start + _PAGE])
            if first := min(found, key=lambda point: point.at, default=None):
                return first
        return now
