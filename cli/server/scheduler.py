"""Call functions by the clock, as rules of EventBridge do: each time by one of several servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from typing_extensions import override

from cli.server.poller import Poller

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.server.leases import HoldLeases
    from cli.server.stopping import Stopping
    from signalbox.services.ports.time import Clock

_SPARE_SECONDS: Final = 60.0


class SchedulePoller(Poller):
    """Calls a function at every full period; a run that takes longer makes it leave out some."""

    def __init__(
        self,
        name: str,
        minutes: int,
        call: Callable[[dict[str, object]], object],
        leases: HoldLeases,
        clock: Clock,
        *,
        timeout: int,
        stopping: Stopping,
    ) -> None:
        period = timedelta(minutes=minutes)
        super().__init__(name, stopping, period.total_seconds() + timeout + _SPARE_SECONDS)
        self._period = period
        self._call = call
        self._leases = leases
        self._clock = clock
        self._next = self._following(clock())

    @override
    def poll(self) -> float:
        wait = (self._next - self._clock()).total_seconds()
        if wait > 0:
            return min(wait, 1.0)
        at = self._next
        self._next = self._following(max(at, self._clock()))
        if self._leases.claim_run(self.name, at):
            self._call(_scheduled_event(at))
        return 0.0

    @override
    def release(self) -> None:
        """Hold nothing: a run is claimed and not leased."""

    def _following(self, now: datetime) -> datetime:
        """Return the next full period; those of all servers are the same."""
        seconds = self._period.total_seconds()
        return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)


def _scheduled_event(at: datetime) -> dict[str, object]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resources": [],
        "detail": {},
    }
