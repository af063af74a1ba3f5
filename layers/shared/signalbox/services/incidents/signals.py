"""Read what has failed since the last observation, from what is stored anyway.

A run without failures makes about ten reads of a few items each; nothing is scanned.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.circuit import Circuit, CircuitState
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.models.incident import IncidentLedger, IncidentSignal
from signalbox.models.metrics import Counts, Metric, counter_name, counts_by_label
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import ChangeType, Priority
from signalbox.services.incidents.causes import CONDITION_RULE, circuit_cause, queue_cause
from signalbox.services.incidents.failures import SearchFailures
from signalbox.services.incidents.totals import CounterTotals
from signalbox.services.incidents.webhooks import ReadWebhookFailures

_FAILURES: Final = "failures"
_UNDELIVERED: Final = frozenset({NotificationStatus.FAILED, NotificationStatus.DEAD})
_MAX_QUEUE_AGE: Final = timedelta(hours=1)
_INDEX_DELAY: Final = timedelta(seconds=10)
"""How far an index may be behind; what is younger is left to the next search."""


@frozen
class ReadAllSignals:
    """Read the signals.

    `oldest` returns the age in seconds of the oldest waiting task of each queue, `paused` the
    queues where tasks wait on purpose.
    """

    counts: Callable[[], Counts]
    search: SearchFailures
    webhooks: ReadWebhookFailures
    circuits: Callable[[], Mapping[ConnectionId, Circuit]]
    oldest: Callable[[], Mapping[Priority, int]]
    paused: Callable[[], Collection[Priority]]

    def __call__(
        self, ledger: IncidentLedger, now: datetime
    ) -> tuple[IncidentLedger, tuple[IncidentSignal, ...]]:
        """Return the failures, and the ledger with what was counted now.

        Raises:
            Unavailable: A store did not answer.
        """
        counts = self.counts()
        totals = CounterTotals(before=ledger.totals if ledger.version else None)
        signals = [*self.webhooks(counts, totals, now), *self._conditions()]
        has_failures = totals.count(_FAILURES, _failures(counts)) > 0
        update: dict[str, object] = {"totals": totals.now}
        since, until = ledger.searched_until, now - _INDEX_DELAY
        if since is None or has_failures or ledger.search_again:
            # once more after the last failure: an index may be behind the counters
            update |= {"searched_until": until, "search_again": has_failures}
            signals += self.search(since, until) if since else ()
        return ledger.model_copy(update=update), tuple(signals)

    def _conditions(self) -> Iterator[IncidentSignal]:
        for connection, circuit in self.circuits().items():
            if circuit.state is not CircuitState.CLOSED:
                yield IncidentSignal(
                    cause=circuit_cause(connection),
                    rule=CONDITION_RULE,
                    failures=1,
                    error=f"its circuit is {circuit.state}",
                )
        paused = self.paused()
        for priority, seconds in self.oldest().items():
            age = timedelta(seconds=seconds)
            if age > _MAX_QUEUE_AGE and priority not in paused:
                minutes = age // timedelta(minutes=1)
                yield IncidentSignal(
                    cause=queue_cause(priority),
                    rule=CONDITION_RULE,
                    failures=1,
                    error=f"the oldest task has waited for {minutes} minutes",
                )


def _failures(counts: Counts) -> int:
    """Return how many tasks and notifications have failed."""
    undelivered = (
        count
        for (_, outcome), count in counts_by_label(counts, Metric.NOTIFICATIONS).items()
        if outcome in _UNDELIVERED
    )
    return counts.get(counter_name(Metric.STEPS, ChangeType.FAILED), 0) + sum(undelivered)
