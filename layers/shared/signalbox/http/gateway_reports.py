"""What is recorded of each request to the gateway beside its access line."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from signalbox.http.gateway_request import IncomingRequest
from signalbox.services.gateway.count_requests import CountRequests
from signalbox.services.gateway.record import GatewayRecord

Report = Callable[[IncomingRequest, GatewayRecord, int, float], Coroutine[Any, Any, None]]
"""Record a request, with the status and the seconds of its response. It never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMetrics:
    """Count requests. `flush` is that of the counters, which waits for a store."""

    counters: CountRequests
    flush: Callable[[], Coroutine[Any, Any, None]]

    async def __call__(
        self, incoming: IncomingRequest, record: GatewayRecord, status: int, seconds: float
    ) -> None:
        """Count a request, and store the counts if that is due."""
        del incoming
        self.counters.add(record, status, seconds)
        if self.counters.is_due:
            await self.flush()
