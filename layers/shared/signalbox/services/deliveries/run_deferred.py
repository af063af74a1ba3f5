"""Do what is due of all deferred deliveries, in order and each at its time."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from signalbox.models.delivery import Delivery
from signalbox.models.errors import SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId
from signalbox.services.deliveries.interpret_deferred import InterpretDeferred
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import DeliveryStore, DueDelivery
from signalbox.services.ports.time import Clock, Sleep, TimeLeft

_RESERVE: Final = 12.0
"""Seconds for the step that is begun last."""

_LOOK_AGAIN: Final = 5.0
"""Seconds after which what became due meanwhile is looked for."""

_MAX_READ: Final = 500
_CATCH_UP: Final = 0.9
"""The part of its interval after which a source is ready: a run ends a little before the next."""

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


@dataclass(slots=True)
class _Pace:
    """From when on the next delivery of a source with a burst cap may be interpreted."""

    config: ConfigStore
    free_at: dict[str, datetime] = field(default_factory=dict)

    def ready_at(self, due: DueDelivery) -> datetime:
        return max(due.due_at, self.free_at.get(due.source, due.due_at))

    def started(self, due: DueDelivery, now: datetime) -> None:
        provider, _, name = due.source.partition("/")
        source = self.config.source(provider, name)
        if source and source.burst:
            interval = timedelta(microseconds=source.burst.interval)
            self.free_at[due.source] = now + interval * _CATCH_UP


@frozen
class RunDeferred:
    """Do what is due, one step after the other, and wait for what becomes due during the run.

    What is overdue of a source with a burst cap is interpreted at its rate, too.
    """

    deliveries: DeliveryStore
    config: ConfigStore
    interpret: InterpretDeferred
    clock: Clock
    sleep: Sleep

    def __call__(self, time_left: TimeLeft) -> DeferredRun:
        """Return what was done before the time was up; the next run does the rest.

        Raises:
            Unavailable: The index of due deliveries, or the configuration, did not answer.
        """
        first = next(self.deliveries.due(chunk=1), None)
        run = DeferredRun(oldest=first.received_at if first else None)
        pace = _Pace(self.config)
        while first and self._pass(run, pace, time_left):
            pass
        return run

    def _pass(self, run: DeferredRun, pace: _Pace, time_left: TimeLeft) -> bool:
        """Return whether something else may have become due meanwhile."""
        queues = self._by_source(time_left)
        before = len(run.delivered)
        while queues:
            due = min((queue[0] for queue in queues.values()), key=pace.ready_at)
            wait = max(0.0, (pace.ready_at(due) - self.clock()).total_seconds())
            if time_left() - wait < _RESERVE:
                return False
            if wait:
                self.sleep(min(wait, _LOOK_AGAIN))
            if wait > _LOOK_AGAIN:
                return True
            pace.started(due, self.clock())
            self._step(due.id, run)
            queues[due.source].popleft()
            if not queues[due.source]:
                del queues[due.source]
        return len(run.delivered) > before

    def _by_source(self, time_left: TimeLeft) -> dict[str, deque[DueDelivery]]:
        """Return what is due within the run by its source, in order."""
        horizon = self.clock() + timedelta(seconds=max(0.0, time_left() - _RESERVE))
        queues: defaultdict[str, deque[DueDelivery]] = defaultdict(deque)
        for due in islice(self.deliveries.due(horizon), _MAX_READ):
            queues[due.source].append(due)
        return dict(queues)

    def _step(self, delivery: DeliveryId, run: DeferredRun) -> None:
        try:
            after = self.interpret(delivery)
        except (SignalboxError, ValueError) as error:
            run.failed += 1
            if len(run.errors) < _MAX_REPORTED_ERRORS:
                run.errors[delivery] = type(error).__name__
        else:
            run.delivered += [after] if after else []
