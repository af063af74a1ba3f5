"""Read what has failed of webhooks: rejected requests, and deliveries that were not processed."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from signalbox.models.delivery import DeliveryStatus
from signalbox.models.frozen import frozen
from signalbox.models.incident import IncidentSignal
from signalbox.models.metrics import Counts, Metric, counter_name
from signalbox.models.rejection import Rejections
from signalbox.services.deliveries.list_deliveries import known_sources
from signalbox.services.incidents.causes import (
    CONDITION_RULE,
    FAILURE_RULE,
    REQUEST_RULE,
    SETUP_CODES,
    SETUP_RULE,
    deliveries_cause,
    pending_cause,
    rejections_cause,
)
from signalbox.services.incidents.totals import CounterTotals
from signalbox.services.pagination import Window
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import DeliveryStore, RejectionStore

_UNPROCESSED: Final = (DeliveryStatus.FAILED.value, "internal")
_MAX_SOURCES_READ: Final = 5
_MAX_DELIVERIES_READ: Final = 10
_MAX_PENDING: Final = timedelta(minutes=5)


@frozen
class ReadWebhookFailures:
    """Read the failures of webhooks. `providers` are the names of the installed providers."""

    rejections: RejectionStore
    deliveries: DeliveryStore
    config: ConfigStore
    providers: Collection[str]

    def __call__(
        self, counts: Counts, totals: CounterTotals, now: datetime
    ) -> Iterator[IncidentSignal]:
        """Yield the failures since the last observation.

        Raises:
            Unavailable: A store did not answer.
        """
        for rejections in self.rejections.batch_get(known_sources(self.config, self.providers)):
            yield from _rejected(rejections, totals)
        for provider in sorted(self.providers):
            yield from self._failed(provider, counts, totals)
        yield from self._pending(now)

    def _failed(
        self, provider: str, counts: Counts, totals: CounterTotals
    ) -> Iterator[IncidentSignal]:
        names = [
            *(counter_name(Metric.REQUESTS, provider, outcome) for outcome in _UNPROCESSED),
            counter_name(Metric.DEFERRED, provider, DeliveryStatus.FAILED),
        ]
        cause = deliveries_cause(provider)
        failures = totals.count(cause.key, sum(counts.get(name, 0) for name in names))
        if failures:
            yield IncidentSignal(
                cause=cause, rule=FAILURE_RULE, failures=failures, error=self._error(provider)
            )

    def _error(self, provider: str) -> str:
        """Return the reason of the last failed delivery, empty if none is among the newest."""
        sources = sorted(known_sources(self.config, self.providers))
        failed = [
            delivery
            for name, source in [each for each in sources if each[0] == provider][
                :_MAX_SOURCES_READ
            ]
            for delivery in islice(
                self.deliveries.newest(name, source, Window(chunk=_MAX_DELIVERIES_READ)),
                _MAX_DELIVERIES_READ,
            )
            if delivery.status is DeliveryStatus.FAILED
        ]
        last = max(failed, key=lambda delivery: delivery.received_at, default=None)
        return (last.reason if last else None) or ""

    def _pending(self, now: datetime) -> Iterator[IncidentSignal]:
        due = next(self.deliveries.due(chunk=1), None)
        if due and now - due.received_at > _MAX_PENDING:
            minutes = (now - due.received_at) // timedelta(minutes=1)
            yield IncidentSignal(
                cause=pending_cause(),
                rule=CONDITION_RULE,
                failures=1,
                error=f"a delivery of {due.source} has waited for {minutes} minutes",
            )


def _rejected(rejections: Rejections, totals: CounterTotals) -> Iterator[IncidentSignal]:
    for code, total in rejections.counts.items():
        cause = rejections_cause(rejections.provider, rejections.source, code)
        reasons = (each.reason for each in rejections.last if each.code == code)
        yield IncidentSignal(
            cause=cause,
            rule=SETUP_RULE if code in SETUP_CODES else REQUEST_RULE,
            failures=totals.count(cause.key, total),
            error=next(reasons, ""),
        )
