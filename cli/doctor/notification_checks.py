"""What the notifications of a connection say about it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from cli.doctor.findings import Diagnosis, DiagnosisLevel
from cli.output import format_time
from signalbox.http.schemas.metrics import CircuitMetrics
from signalbox.http.schemas.notifications import NotificationSummary
from signalbox.models.notification_status import NotificationStatus

_LAST: Final = 5
_MIN_FAILURES: Final = 3


def failing_connections(newest: Sequence[NotificationSummary]) -> Iterator[Diagnosis]:
    """Yield a fault for each connection whose last notifications failed, the newest first given."""
    finished: dict[str, list[NotificationSummary]] = defaultdict(list)
    for notification in newest:
        if notification.status.is_final:
            finished[notification.connection].append(notification)
    for connection, notifications in sorted(finished.items()):
        last = notifications[:_LAST]
        if len(last) >= _MIN_FAILURES and all(
            each.status is not NotificationStatus.DELIVERED for each in last
        ):
            yield Diagnosis(
                level=DiagnosisLevel.FAULT,
                check="notifications",
                subject=f"connection {connection}",
                text=f"its last {len(last)} notifications failed; the last: {_reason(last)}",
                action=f"fix the cause, then signalbox notifications redeliver --connection"
                f" {connection} --dry-run",
            )


def open_circuit(circuit: CircuitMetrics, newest: Sequence[NotificationSummary]) -> Diagnosis:
    """Return the fault of a connection whose target does not answer."""
    until = format_time(circuit.open_until)
    return Diagnosis(
        level=DiagnosisLevel.FAULT,
        check="metrics",
        subject=f"connection {circuit.connection}",
        text=f"its circuit is {circuit.state}"
        + (f"; the next probe is at {until}" if until else "")
        + (f"; the last reason: {_reason(newest)}" if newest else ""),
        action=f"signalbox notifications list --connection {circuit.connection}",
    )


def _reason(newest: Sequence[NotificationSummary]) -> str:
    return next((each.last_reason for each in newest if each.last_reason), "no reason")
