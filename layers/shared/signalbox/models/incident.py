"""Incidents: failures with the same cause, from the first to the end of the last.

An incident opens after a number of failures within a window of time. It is resolved after a quiet
time without failures, which doubles for a cause that returns within a day, so that a target that
fails now and then causes few alerts.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, IncidentId, incident_id
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line

MAX_OPEN_INCIDENTS: Final = 50
MAX_INCIDENTS: Final = 100
INCIDENT_RETENTION: Final = timedelta(days=30)
"""For how long an incident is stored after it was resolved."""

_MAX_CAUSES: Final = 200
_MAX_ERROR: Final = 300
_WINDOW_PARTS: Final = 12
_RETURNS_WITHIN: Final = timedelta(days=1)
_MAX_DOUBLINGS: Final = 4


class IncidentSeverity(StrEnum):
    """How urgent an incident is."""

    CRITICAL = "critical"
    """Something does not work until somebody acts, or its target does."""

    WARNING = "warning"


class IncidentStatus(StrEnum):
    """Whether an incident is over."""

    OPEN = "open"
    RESOLVED = "resolved"


class IncidentEvent(StrEnum):
    """What is sent of an incident; `signalbox.incident.<value>` is the type of its envelope."""

    OPENED = "opened"
    RESOLVED = "resolved"


@frozen
class IncidentRule:
    """When an incident opens and is resolved.

    It opens after `threshold` failures within `window`, and is resolved after `quiet` without any.
    """

    threshold: int
    window: timedelta
    quiet: timedelta

    def quiet_time(self, recurrence: int) -> timedelta:
        """Return the quiet time of a cause that has returned so many times."""
        doublings: int = 2 ** min(recurrence, _MAX_DOUBLINGS)
        return self.quiet * doublings


class IncidentCause(Model):
    """What fails.

    `key` is a path such as `notifications/team`. `link` is the path of the API with the failures,
    `action` the command that shows them. `connection` is the one that fails, if one does.
    """

    key: str
    title: str
    severity: IncidentSeverity
    link: str
    action: str
    connection: ConnectionId | None = None


class Incident(Model):
    """Failures with the same cause.

    `recurrence` is how often the cause has returned within a day. `quiet_seconds` is for how long
    no failure may occur until it is resolved. `alerts` are those that are not sent yet.
    """

    id: IncidentId
    cause: IncidentCause
    opened_at: UtcDatetime
    first_at: UtcDatetime
    last_at: UtcDatetime
    count: int
    last_error: str
    recurrence: int = 0
    quiet_seconds: int
    resolved_at: UtcDatetime | None = None
    alerts: tuple[IncidentEvent, ...] = ()

    @property
    def status(self) -> IncidentStatus:
        """Return whether the incident is over."""
        return IncidentStatus.RESOLVED if self.resolved_at else IncidentStatus.OPEN


@frozen
class IncidentSignal:
    """How many failures with this cause have occurred since the last observation."""

    cause: IncidentCause
    rule: IncidentRule
    failures: int
    error: str


class FailureCount(Model):
    """Failures within a part of the window, from the first to the last."""

    first_at: UtcDatetime
    last_at: UtcDatetime
    count: int


class FailureWindow(Model):
    """The recent failures of a cause without an incident; at `expires_at` all are too old."""

    expires_at: UtcDatetime
    counts: tuple[FailureCount, ...]


class IncidentLedger(Model):
    """What is known of incidents, the latest last, and up to where failures were counted.

    `version` counts the writes; 0 is what is not stored. `totals` are the counters at the last
    observation. Tasks and notifications were searched until `searched_until`, and are searched once
    more if `search_again`: an index can be a moment behind the counters.
    """

    version: int = 0
    totals: dict[str, int] = Field(default_factory=dict)
    searched_until: UtcDatetime | None = None
    search_again: bool = False
    windows: dict[str, FailureWindow] = Field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()

    @property
    def open(self) -> tuple[Incident, ...]:
        """Return the incidents that are not resolved."""
        return tuple(each for each in self.incidents if each.status is IncidentStatus.OPEN)


def counted_since(before: int, total: int) -> int:
    """Return what a counter has counted since it was `before`; it may have begun anew."""
    return total - before if total >= before else total


def incidents_after(
    ledger: IncidentLedger, signals: Iterable[IncidentSignal], now: datetime
) -> IncidentLedger:
    """Return the ledger after these failures, with incidents opened, updated and resolved.

    The version is that of `ledger`.
    """
    current = {each.cause.key: each for each in ledger.open}
    windows = {key: each for key, each in ledger.windows.items() if each.expires_at > now}
    opened = []
    for signal in signals:
        key = signal.cause.key
        if not signal.failures:
            continue
        if key in current:
            current[key] = _updated(current[key], signal, now)
            continue
        window = _with_failures(windows.pop(key, None), signal, now)
        if _count(window) < signal.rule.threshold or len(current) >= MAX_OPEN_INCIDENTS:
            windows[key] = window
            continue
        incident = _opened(signal, window, _recurrence(ledger, key, now), now)
        current[key] = incident
        opened.append(incident)
    later = {each.id: _resolved_if_quiet(each, now) for each in current.values()}
    incidents = [*(later.get(each.id, each) for each in ledger.incidents), *opened]
    return ledger.model_copy(
        update={"windows": _newest(windows), "incidents": _stored(incidents, now)}
    )


def alerts_sent(incident: Incident) -> Incident:
    """Return the incident whose alerts are sent."""
    return incident.model_copy(update={"alerts": ()})


def _opened(
    signal: IncidentSignal, window: FailureWindow, recurrence: int, now: datetime
) -> Incident:
    return Incident(
        id=incident_id(signal.cause.key, now),
        cause=signal.cause,
        opened_at=now,
        first_at=window.counts[0].first_at,
        last_at=now,
        count=_count(window),
        last_error=_error(signal),
        recurrence=recurrence,
        quiet_seconds=int(signal.rule.quiet_time(recurrence).total_seconds()),
        alerts=(IncidentEvent.OPENED,),
    )


def _updated(incident: Incident, signal: IncidentSignal, now: datetime) -> Incident:
    return incident.model_copy(
        update={
            "last_at": now,
            "count": incident.count + signal.failures,
            "last_error": _error(signal) or incident.last_error,
        }
    )


def _resolved_if_quiet(incident: Incident, now: datetime) -> Incident:
    if now - incident.last_at < timedelta(seconds=incident.quiet_seconds):
        return incident
    alerts = (*incident.alerts, IncidentEvent.RESOLVED)
    return incident.model_copy(update={"resolved_at": now, "alerts": alerts})


def _recurrence(ledger: IncidentLedger, key: str, now: datetime) -> int:
    """Return how often a cause has returned, each time within a day."""
    for incident in reversed(ledger.incidents):
        if incident.cause.key == key and incident.resolved_at:
            returns = now - incident.resolved_at <= _RETURNS_WITHIN
            return incident.recurrence + 1 if returns else 0
    return 0


def _with_failures(
    window: FailureWindow | None, signal: IncidentSignal, now: datetime
) -> FailureWindow:
    """Return the window with these failures and without those that are too old.

    Failures of about a twelfth of the window are counted together, so that it stays small.
    """
    length = signal.rule.window
    counts = [each for each in (window.counts if window else ()) if now - each.last_at <= length]
    first_at = now
    failures = signal.failures
    if counts and now - counts[-1].first_at < length / _WINDOW_PARTS:
        last = counts.pop()
        first_at, failures = last.first_at, last.count + failures
    counts.append(FailureCount(first_at=first_at, last_at=now, count=failures))
    return FailureWindow(expires_at=now + length, counts=tuple(counts))


def _count(window: FailureWindow) -> int:
    return sum(each.count for each in window.counts)


def _error(signal: IncidentSignal) -> str:
    """Return the error in one line without secrets."""
    return one_line(redacted(signal.error), _MAX_ERROR)


def _newest(windows: Mapping[str, FailureWindow]) -> dict[str, FailureWindow]:
    """Return the windows, without the oldest if there are too many."""
    order = sorted(windows, key=lambda key: windows[key].expires_at)
    return {key: windows[key] for key in order[-_MAX_CAUSES:]}


def _stored(incidents: Iterable[Incident], now: datetime) -> tuple[Incident, ...]:
    """Return the incidents to store: all that are open or not sent, and the latest resolved."""
    kept = [
        each
        for each in incidents
        if each.resolved_at is None or now - each.resolved_at < INCIDENT_RETENTION
    ]
    surplus = len(kept) - MAX_INCIDENTS
    resolved = [each for each in kept if each.resolved_at and not each.alerts]
    dropped = {each.id for each in resolved[: max(0, surplus)]}
    return tuple(each for each in kept if each.id not in dropped)
