"""Do what is due of all deferred deliveries, in order and each at its time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.delivery import Delivery
from signalbox.models.errors import SignalboxError
from signalbox.models.ids import DeliveryId
from signalbox.services.deliveries.interpret_deferred import InterpretDeferred
from signalbox.services.ports.deliveries import DeliveryStore
from signalbox.services.ports.time import Clock, Sleep, TimeLeft

_RESERVE: Final = 12.0
"""Seconds for the step that is begun last."""

_MAX_REPORTED_ERRORS: Final = 5


@dataclass(slots=True, kw_only=True)
class DeferredRun:
    """The deliveries after their steps. `failed` steps become due again.

    `oldest` is when the oldest delivery with something left to do was received, as the run began.
    """

    oldest: datetime | None = None
    delivered: list[Delivery] = field(default_factory=list)
    failed: int = 0
    errors: dict[DeliveryId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDeferred:
    """Do what is due, one step after the other, and wait for what becomes due during the run."""

    deliveries: DeliveryStore
    interpret: InterpretDeferred
    clock: Clock
    sleep: Sleep

    def __call__(self, time_left: TimeLeft) -> DeferredRun:
        """Return what was done before the time was up; the next run does the rest.

        Raises:
            Unavailable: The index of due deliveries did not answer.
        """
        first = next(self.deliveries.due(chunk=1), None)
        run = DeferredRun(oldest=first.received_at if first else None)
        while first and self._pass(run, time_left):
            pass
        return run

    def _pass(self, run: DeferredRun, time_left: TimeLeft) -> bool:
        """Return whether anything was done, and something may have become due meanwhile."""
        horizon = self.clock() + timedelta(seconds=max(0.0, time_left() - _RESERVE))
        before = len(run.delivered)
        for due in self.deliveries.due(horizon):
            wait = max(0.0, (due.due_at - self.clock()).total_seconds())
            if time_left() - wait < _RESERVE:
                return False
            if wait:
                self.sleep(wait)
            self._step(due.id, run)
        return len(run.delivered) > before

    def _step(self, delivery: DeliveryId, run: DeferredRun) -> None:
        try:
            after = self.interpret(delivery)
        except (SignalboxError, ValueError) as error:
            run.failed += 1
            if len(run.errors) < _MAX_REPORTED_ERRORS:
                run.errors[delivery] = type(error).__name__
        else:
            run.delivered += [after] if after else []
