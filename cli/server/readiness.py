"""Whether a server can work: its tables, queues and pollers, and that it is not stopping."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from signalbox.http.schemas.health import ReadinessResponse
from signalbox.models.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cli.server.poller import Poller
    from cli.server.stopping import Stopping

_FRESH_SECONDS: Final = 3.0


@dataclass(slots=True, kw_only=True)
class Readiness:
    """Calls each check, which raises Unavailable, at most every three seconds: anybody may ask."""

    checks: Mapping[str, Callable[[], object]]
    pollers: Sequence[Poller]
    stopping: Stopping
    timer: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)
    _results: dict[str, bool] = field(default_factory=dict)
    _checked_at: float = float("-inf")

    def __call__(self) -> ReadinessResponse:
        """Return what is ready; the status is `ok` if all is."""
        if self.stopping.has_begun:
            return ReadinessResponse(status="stopping", checks={})
        results = {**self._answers(), **self._living()}
        status = "ok" if all(results.values()) else "unavailable"
        return ReadinessResponse(status=status, checks=results)

    def _answers(self) -> dict[str, bool]:
        with self._lock:
            if self.timer() - self._checked_at >= _FRESH_SECONDS:
                self._results = {name: _passes(check) for name, check in self.checks.items()}
                self._checked_at = self.timer()
            return self._results

    def _living(self) -> dict[str, bool]:
        dead = {poller.name: False for poller in self.pollers if not poller.is_alive}
        return {"pollers": not dead, **dead} if self.pollers else {}


def _passes(check: Callable[[], object]) -> bool:
    try:
        check()
    except Unavailable:
        return False
    return True
