"""What counts the requests of a gateway, over counters in memory."""

from signalbox.http.gateway_reports import ReportMetrics
from signalbox.services.gateway.count_requests import CountRequests
from signalbox.services.gateway.synchronous import as_coroutine
from signalbox.services.ports.metrics import Count
from signalbox.services.ports.time import Clock
from tests.fakes.request_counters import FakeRequestCounters


def metrics_report(clock: Clock, count: Count) -> ReportMetrics:
    """Return what counts by `count`, and stores in counters that nobody reads."""
    counters = CountRequests(
        store=FakeRequestCounters(),
        clock=clock,
        count=count,
        observe=lambda _labels, _durations: None,
    )
    return ReportMetrics(counters=counters, flush=as_coroutine(counters.flush))
