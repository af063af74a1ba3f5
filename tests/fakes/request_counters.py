"""Counters of requests in memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from typing_extensions import override

from signalbox.models.errors import Unavailable
from signalbox.models.gateway_metrics import ServiceCounts
from signalbox.models.metrics import Counts
from signalbox.services.ports.metrics import RequestCounterStore
from tests.fakes.clock import FakeClock


class FakeRequestCounters(RequestCounterStore):
    """A RequestCounterStore that counts its writes. While `down` it raises Unavailable."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.kept: dict[str, Counter[str]] = {}
        self.since: dict[str, datetime] = {}
        self.writes = 0
        self.down = False

    @override
    def add(self, service: str, counts: Counts) -> Counts:
        self.writes += 1
        self._reach()
        self.since.setdefault(service, self.clock())
        self.kept.setdefault(service, Counter()).update(counts)
        return dict(self.kept[service])

    @override
    def batch_get(self, services: Iterable[str]) -> Mapping[str, ServiceCounts]:
        self._reach()
        return {
            name: ServiceCounts(counts=dict(self.kept[name]), since=self.since[name])
            for name in services
            if name in self.kept
        }

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the counters did not answer")
