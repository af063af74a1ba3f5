"""Counters in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.metrics import Counts
from signalbox.models.metrics_history import HistoryResolution, MetricsPoint
from signalbox.services.ports.metrics import StreamPage


class FakeCounterStore:
    """A CounterStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, str], str] = {}
        self.counts: Counter[str] = Counter()
        self.down = False

    def positions(self, feed: str) -> Mapping[str, str]:
        self._reach()
        return {shard: place for (name, shard), place in self.places.items() if name == feed}

    def advance(self, feed: str, page: StreamPage) -> None:
        self._reach()
        if self.places.get((feed, page.shard)) != page.before:
            raise WriteConflict("somebody else has counted this page")
        if page.after is None:
            del self.places[feed, page.shard]
        else:
            self.places[feed, page.shard] = page.after
        self.counts.update(page.counts)

    def totals(self) -> Counts:
        self._reach()
        return dict(self.counts)

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the counters did not answer")


class FakeFeed:
    """A Feed of one shard whose changes each add these counts, `size` of them a page."""

    def __init__(self, name: str, changes: list[Counts], *, size: int = 2) -> None:
        self.name = name
        self.changes = changes
        self.size = size

    def pages(self, reached: Mapping[str, str]) -> Iterator[StreamPage]:
        before = reached.get("shard")
        start = int(before or 0)
        while start < len(self.changes):
            part = self.changes[start : start + self.size]
            total: Counter[str] = Counter()
            for change in part:
                total.update(change)
            start += len(part)
            yield StreamPage(shard="shard", before=before, after=str(start), counts=total)
            before = str(start)


class FakeMetricsHistory:
    """A MetricsHistoryStore in memory, which counts its calls."""

    def __init__(self) -> None:
        self.points: dict[tuple[HistoryResolution, datetime], MetricsPoint] = {}
        self.reads = 0

    def put_new(self, resolution: HistoryResolution, point: MetricsPoint) -> bool:
        key = (resolution, point.at)
        return self.points.setdefault(key, point) is point

    def batch_get(
        self, resolution: HistoryResolution, times: Iterable[datetime]
    ) -> Sequence[MetricsPoint]:
        self.reads += 1
        keys = [(resolution, at) for at in times]
        return [self.points[key] for key in keys if key in self.points]
