"""What can fail: the causes of incidents, each with its rule."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from signalbox.models.ids import ConnectionId
from signalbox.models.incident import IncidentCause, IncidentRule, IncidentSeverity
from signalbox.models.redaction import redacted
from signalbox.models.task import Priority
from signalbox.models.text import one_line

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

FAILURE_RULE: Final = IncidentRule(threshold=3, window=6 * _HOUR, quiet=_HOUR)
"""Of deliveries and notifications that failed for good: some targets get a few a day."""

TASK_RULE: Final = IncidentRule(threshold=5, window=_HOUR, quiet=_HOUR)
"""Of tasks that failed: now and then one does."""

CONDITION_RULE: Final = IncidentRule(threshold=3, window=10 * _MINUTE, quiet=15 * _MINUTE)
"""Of what is observed once a minute for as long as it lasts."""

SETUP_RULE: Final = IncidentRule(threshold=3, window=_HOUR, quiet=_HOUR)
"""Of requests that are rejected because something is missing here."""

REQUEST_RULE: Final = IncidentRule(threshold=10, window=15 * _MINUTE, quiet=_HOUR)
"""Of requests that are rejected for what is in them: anybody can send such a request."""

SETUP_CODES: Final = frozenset({"secret_missing", "networks_missing", "source_misconfigured"})
"""The codes of rejections that are caused here."""

_MAX_KIND: Final = 80


def notifications_cause(connection: ConnectionId) -> IncidentCause:
    """Return the cause of notifications that a connection refuses or that ran out of attempts."""
    return _connection_cause(
        connection, "notifications", f"Notifications to the connection {connection} fail"
    )


def circuit_cause(connection: ConnectionId) -> IncidentCause:
    """Return the cause of a circuit that is not closed."""
    return _connection_cause(
        connection, "circuit", f"The target of the connection {connection} does not answer"
    )


def rejections_cause(provider: str, source: str, code: str) -> IncidentCause:
    """Return the cause of requests of a source that are rejected with a code."""
    severity = IncidentSeverity.CRITICAL if code in SETUP_CODES else IncidentSeverity.WARNING
    return IncidentCause(
        key=f"webhooks/{provider}/{source}/{code}",
        title=f"Webhooks of {provider}/{source} are rejected: {code}",
        severity=severity,
        link=_path("/api/v1/rejections", provider=provider, source=source),
        action=f"signalbox deliveries rejections --provider {provider} --source {source}",
    )


def deliveries_cause(provider: str) -> IncidentCause:
    """Return the cause of deliveries of a provider that could not be processed."""
    return IncidentCause(
        key=f"deliveries/failed/{provider}",
        title=f"Webhooks of {provider} cannot be processed",
        severity=IncidentSeverity.CRITICAL,
        link=_path("/api/v1/deliveries", provider=provider, status="failed"),
        action=f"signalbox deliveries list --provider {provider} --status failed",
    )


def pending_cause() -> IncidentCause:
    """Return the cause of a deferred delivery that waits for long."""
    return IncidentCause(
        key="deliveries/pending",
        title="Deferred deliveries wait to be interpreted",
        severity=IncidentSeverity.WARNING,
        link=_path("/api/v1/deliveries", status="pending"),
        action="signalbox deliveries list --status pending",
    )


def tasks_cause(kind: str) -> IncidentCause:
    """Return the cause of tasks of a kind that fail."""
    name = one_line(redacted(kind), _MAX_KIND)
    return IncidentCause(
        key=f"tasks/failed/{name}",
        title=f"Tasks of the kind {name} fail",
        severity=IncidentSeverity.WARNING,
        link=_path("/api/v1/tasks", status="failed"),
        action="signalbox tasks list --status failed",
    )


def queue_cause(priority: Priority) -> IncidentCause:
    """Return the cause of a task that no worker claims."""
    return IncidentCause(
        key=f"queue/age/{priority}",
        title=f"Tasks wait in the queue {priority}",
        severity=IncidentSeverity.CRITICAL,
        link="/api/v1/queue",
        action="signalbox queue",
    )


def _connection_cause(connection: ConnectionId, kind: str, title: str) -> IncidentCause:
    return IncidentCause(
        key=f"{kind}/{connection}",
        title=title,
        severity=IncidentSeverity.CRITICAL,
        link=_path("/api/v1/notifications", connection=connection),
        action=f"signalbox notifications list --connection {connection}",
        connection=connection,
    )


def _path(path: str, **query: str) -> str:
    return f"{path}?{urlencode(query)}"
