"""Record the counters at regular times."""

from dataclasses import field
from datetime import datetime

from signalbox.models.frozen import frozen
from signalbox.models.metrics_history import HistoryResolution, MetricsPoint, recorded_counts
from signalbox.services.ports.metrics import CounterStore, MetricsHistoryStore
from signalbox.services.ports.time import Clock


@frozen
class RecordHistory:
    """Record the counters, once for each time of a point, whichever process is first."""

    counters: CounterStore
    store: MetricsHistoryStore
    clock: Clock
    _recorded: dict[HistoryResolution, datetime] = field(default_factory=dict)

    def __call__(self) -> None:
        """Record the points whose time has come.

        Raises:
            Unavailable: The counters could not be read, or the point not be stored.
        """
        now = self.clock()
        times = {resolution: resolution.start_of(now) for resolution in HistoryResolution}
        due = [name for name, at in times.items() if self._recorded.get(name) != at]
        if not due:
            return
        counts = recorded_counts(self.counters.totals())
        for resolution in due:
            point = MetricsPoint(at=times[resolution], counts=counts)
            self.store.put_new(resolution, point)
            self._recorded[resolution] = point.at
