"""Observe incidents: open, update and resolve them, and send their alerts; runs every minute.

Each incident is stored with the alerts that it needs before they are sent, and without them
afterwards. If the process dies in between, the next run sends them again, which changes nothing.
"""

from collections.abc import Callable

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.incident import (
    Incident,
    IncidentLedger,
    alerts_sent,
    incidents_after,
)
from signalbox.services.ports.incidents import IncidentStore, ReadSignals
from signalbox.services.ports.time import Clock

Alert = Callable[[Incident], None]
"""Send the alerts of an incident that are not sent yet. Raises Unavailable."""


@frozen
class IncidentResult:
    """How many incidents are open, were opened and resolved by this run, and were not alerted."""

    open: int = 0
    opened: int = 0
    resolved: int = 0
    not_alerted: int = 0


@frozen
class ObserveIncidents:
    """Observe incidents."""

    store: IncidentStore
    signals: ReadSignals
    alert: Alert
    clock: Clock

    def __call__(self) -> IncidentResult:
        """Return what has changed.

        Raises:
            Unavailable: Something could not be read or stored; nothing has changed.
        """
        before, now = self.store.get(), self.clock()
        counted, signals = self.signals(before, now)
        after = incidents_after(counted, signals, now)
        try:
            ledger = self._stored(before, after)
        except WriteConflict:
            return IncidentResult(open=len(before.open))  # another process has observed
        not_alerted = self._send_alerts(ledger)
        known = {each.id for each in before.incidents}
        return IncidentResult(
            open=len(ledger.open),
            opened=sum(each.id not in known for each in ledger.incidents),
            resolved=len({each.id for each in before.open} - {each.id for each in ledger.open}),
            not_alerted=not_alerted,
        )

    def _send_alerts(self, ledger: IncidentLedger) -> int:
        """Send the alerts that are due, and return of how many incidents they were not sent."""
        failed = 0
        incidents = []
        for incident in ledger.incidents:
            try:
                if incident.alerts:
                    self.alert(incident)
                incidents.append(alerts_sent(incident))
            except Unavailable:
                failed += 1
                incidents.append(incident)
        try:
            self._stored(ledger, ledger.model_copy(update={"incidents": tuple(incidents)}))
        except (Unavailable, WriteConflict):
            return failed  # the next run sends them again
        return failed

    def _stored(self, before: IncidentLedger, after: IncidentLedger) -> IncidentLedger:
        """Return the ledger as it is stored; one that has not changed is not written."""
        if before.version and before == after:
            return before
        written = after.model_copy(update={"version": before.version + 1})
        self.store.replace(before, written)
        return written
