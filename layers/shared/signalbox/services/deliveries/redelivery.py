"""Find deliveries that did not arrive, and ask their providers to repeat them.

Each comes in as any webhook does, signed and verified. See
docs/decisions/0013-missed-webhooks-are-redelivered.md.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from random import Random

from signalbox.models.errors import SendRefused, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.redelivery import RedeliveryState
from signalbox.models.source import Source
from signalbox.services.deliveries.redelivery_run import (
    RedeliveryResult,
    RedeliveryRun,
    RedeliveryTools,
)
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.redelivery import DeliveryLog, OpenDeliveryLog, RedeliveryStore
from signalbox.services.ports.time import TimeLeft


@frozen
class RedeliverMissed:
    """Look at the log of every source that names one, and request what it shows as missed."""

    config: ConfigStore
    open_log: OpenDeliveryLog
    tools: RedeliveryTools
    random: Random

    def __call__(self, time_left: TimeLeft) -> Iterator[RedeliveryResult]:
        """Yield the outcome of each source that names a log, in random order.

        An error of one source is in its outcome and does not stop the others. Each may use its
        share of the time that is left.

        Raises:
            Unavailable: The configuration could not be read.
        """
        logs: list[tuple[Source, DeliveryLog]] = []
        for source in self.config.sources():
            try:
                log = self.open_log(source) if source.enabled else None
            except (SendRefused, Unavailable) as error:
                yield self._not_opened(source, error.reason)
                continue
            if log is not None:
                logs.append((source, log))
        self.random.shuffle(logs)
        for number, (source, log) in enumerate(logs):
            of_others = time_left() * (1 - 1 / (len(logs) - number))
            yield self._run(source, log, partial(_share, time_left, of_others))

    def _run(self, source: Source, log: DeliveryLog, time_left: TimeLeft) -> RedeliveryResult:
        try:
            state = self._state(source)
            if state.blocked_until and state.blocked_until > self.tools.clock():
                return self._result(source, state, "the provider asked to wait")
            run = RedeliveryRun(
                tools=self.tools, source=source, log=log, base=state, time_left=time_left
            )
            return run()
        except WriteConflict:
            return RedeliveryResult(source=source, reason="another run is at work")
        except Unavailable as unavailable:
            return RedeliveryResult(source=source, reason=unavailable.reason)

    def _state(self, source: Source) -> RedeliveryState:
        return self.tools.store.get(source) or RedeliveryState(created_at=self.tools.clock())

    def _not_opened(self, source: Source, reason: str) -> RedeliveryResult:
        """Return the outcome for a source whose log could not be opened, and store since when."""
        try:
            state = self._state(source)
            if not state.version:
                state = state.model_copy(update={"version": 1})
                self.tools.store.replace(source, state)
        except (Unavailable, WriteConflict):
            return RedeliveryResult(source=source, reason=reason)
        return self._result(source, state, reason)

    def _result(self, source: Source, state: RedeliveryState, reason: str) -> RedeliveryResult:
        stale = state.is_stale(self.tools.clock())
        return RedeliveryResult(source=source, state=state, reason=reason, stale=stale)


@frozen
class ReadRedelivery:
    """Read what is known of the log of every source that has one."""

    config: ConfigStore
    store: RedeliveryStore

    def __call__(self) -> Mapping[str, RedeliveryState]:
        """Return the states by the keys of the sources.

        Raises:
            Unavailable: The store did not answer.
        """
        return self.store.batch_get(
            source for source in self.config.sources() if source.enabled and source.settings
        )


def _share(time_left: TimeLeft, of_others: float) -> float:
    """Return how many seconds are left without those of others."""
    return time_left() - of_others
