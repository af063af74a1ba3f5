"""What is recorded of each request to the gateway beside its access line."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from signalbox.http.gateway_request import IncomingRequest
from signalbox.models.errors import AddressRefused, Forbidden
from signalbox.models.frozen import frozen
from signalbox.models.principal import ANONYMOUS
from signalbox.models.request import InboundRequest
from signalbox.services.gateway.count_requests import CountRequests
from signalbox.services.gateway.record import GatewayRecord
from signalbox.services.ports.time import Clock

_WINDOW: Final = timedelta(minutes=1)
_MAX_ANONYMOUS: Final = 10
_DENIALS: Final = frozenset({AddressRefused.code, Forbidden.code})
_NEVER: Final = datetime.min.replace(tzinfo=UTC)

Report = Callable[[IncomingRequest, GatewayRecord, int, float], Coroutine[Any, Any, None]]
"""Record a request, with the status and the seconds of its response. It never raises."""


@frozen
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


RecordDenial = Callable[[InboundRequest, str, str], Coroutine[Any, Any, None]]
"""Record in the audit log that an actor was denied an action. It never raises."""


@dataclass(slots=True, kw_only=True)
class ReportDenials:
    """Record in the audit log which callers were forbidden what, as the API does.

    Of anonymous callers, such as those that an allow list of addresses keeps out, a process records
    the first request of each address to a service in a minute, and ten at most: strangers may not
    fill the audit log. Missing or wrong credentials are in the access log only.
    """

    record: RecordDenial
    clock: Clock
    _strangers: set[tuple[str | None, str]] = field(default_factory=set)
    _until: datetime = _NEVER

    async def __call__(
        self, incoming: IncomingRequest, record: GatewayRecord, status: int, seconds: float
    ) -> None:
        """Record a request if it was forbidden."""
        del status, seconds
        if record.error not in _DENIALS:
            return
        if record.caller == ANONYMOUS.name and not self._is_new(record.service, incoming.client):
            return
        place = f"service {record.service}" if record.service else "gateway"
        await self.record(incoming.inbound, record.caller, f"{incoming.method} {place}")

    def _is_new(self, service: str | None, address: str) -> bool:
        now = self.clock()
        if now >= self._until:
            self._strangers.clear()
            self._until = now + _WINDOW
        if (service, address) in self._strangers or len(self._strangers) >= _MAX_ANONYMOUS:
            return False
        self._strangers.add((service, address))
        return True
