"""Keep the routing table for some seconds, and while the configuration cannot be read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.time import Clock

_TTL: Final = timedelta(seconds=5)
_RETRY_INTERVAL: Final = timedelta(seconds=30)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class RoutingCache:
    """Read the routing table every five seconds, after a failure every 30 seconds.

    `failed` gets the error while an earlier table serves on.
    """

    read: Callable[[], RoutingTable]
    clock: Clock
    failed: Callable[[Unavailable], None] = lambda _: None
    _table: RoutingTable | None = None
    _reads_again_at: datetime = _NEVER

    def __call__(self) -> RoutingTable:
        """Return the table.

        Raises:
            Unavailable: The configuration was never read, and cannot be read now.
        """
        now = self.clock()
        if self._table is None or now >= self._reads_again_at:
            try:
                self._table = self.read()
                self._reads_again_at = now + _TTL
            except Unavailable as unavailable:
                if self._table is None:
                    raise
                self._reads_again_at = now + _RETRY_INTERVAL
                self.failed(unavailable)
        return self._table
