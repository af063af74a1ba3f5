"""Resources of operators as text, by label."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from cli.output import format_time
from signalbox.http.schemas.deliveries import DeliveryView, ReplayResponse
from signalbox.http.schemas.incidents import IncidentView
from signalbox.http.schemas.metrics import DurationStats, MetricsResponse, WebhookMetrics
from signalbox.http.schemas.notifications import NotificationView
from signalbox.http.schemas.queue import PauseResponse

_MAX_BODY_CHARACTERS: Final = 2_000
_REDELIVERY: Final = ("missed", "requested", "healed", "unhealable", "open")

K = TypeVar("K", bound=str)
Fields = dict[str, str]

PAUSE_COLUMNS: Final[Mapping[str, Callable[[PauseResponse], str]]] = {
    "Queue": lambda row: row.priority,
    "Paused": lambda row: format_time(row.pause.at) if row.pause else "no",
    "By": lambda row: row.pause.by if row.pause else "",
    "Reason": lambda row: (row.pause.reason if row.pause else None) or "",
}


def delivery_fields(found: DeliveryView) -> Fields:
    """Return the fields of a delivery; of a long body the start."""
    body = found.body.content if found.body else "not kept"
    cut = (
        "" if len(body) <= _MAX_BODY_CHARACTERS else f"… ({len(body):,} characters; --json has all)"
    )
    return {
        "Id": found.id,
        "From": f"{found.provider}/{found.source}",
        "Key": found.key,
        "Event": found.event or "",
        "Status": found.status,
        "Reason": found.reason or "",
        "Notes": "\n".join(found.notes),
        "Tasks": "\n".join(found.task_ids),
        "Received": format_time(found.received_at),
        "Repeated": str(found.duplicates.count or ""),
        "Replayed": format_time(found.replayed_at),
        "Headers": "\n".join(f"{name}: {value}" for name, value in found.headers.items()),
        "Body": body[:_MAX_BODY_CHARACTERS] + cut,
    }


def replay_fields(found: ReplayResponse) -> Fields:
    """Return the outcome of a replay."""
    made = (f"{task.id}  {task.priority}  {task.title}" for task in found.created)
    return {
        "Delivery": found.delivery_id,
        "Status": _transition(found.status_before, found.status),
        "Differs": "yes" if found.differs else "no",
        "Reason": found.reason or "",
        "Notes": "\n".join(found.notes),
        "Would create" if found.dry_run else "Created": "\n".join(made),
        "There already": "\n".join(found.existing),
    }


def notification_fields(found: NotificationView) -> Fields:
    """Return the fields of a notification and its attempts."""
    attempts = (
        f"{format_time(each.at)}  {each.outcome}  {each.reason or ''}".rstrip()
        for each in found.attempts
    )
    return {
        "Id": f"{found.task_id}/{found.id}",
        "Status": found.status,
        "To": f"{found.connection} ({found.connector})",
        "Change": found.type,
        "Title": found.title,
        "Tries": str(found.tries),
        "Held": found.held or "",
        "Waits": found.waits or "",
        "Attempts": "\n".join(attempts),
        "Created": format_time(found.created_at),
        "Next": format_time(found.next_at),
    }


def incident_fields(found: IncidentView) -> Fields:
    """Return the fields of an incident."""
    return {
        "Id": found.id,
        "Status": f"{found.status}, {found.severity}",
        "Cause": found.cause,
        "Title": found.title,
        "Count": str(found.count),
        "First": format_time(found.first_at),
        "Last": format_time(found.last_at),
        "Last error": found.last_error,
        "Opened": format_time(found.opened_at),
        "Resolved": format_time(found.resolved_at),
        "Returned": f"{found.recurrence} times" if found.recurrence else "",
        "Quiet time": f"{found.quiet_seconds // 60} min",
        "Look at": f"{found.action}\n{found.link}",
    }


def metrics_fields(found: MetricsResponse) -> Fields:
    """Return all metrics, one line each."""
    tasks = found.tasks
    rate = "" if tasks.success_rate is None else f"{tasks.success_rate:.1%}"
    queues = {queue.priority: queue.waiting for queue in found.queues}
    webhooks = {f"Webhooks of {each.provider}": _counted(each.outcomes) for each in found.webhooks}
    deferred = {
        f"Deferred of {each.provider}": _counted(each.deferred)
        for each in found.webhooks
        if each.deferred
    }
    acks = {f"{each.provider} waited": _waited(each) for each in found.webhooks}
    processed = {
        f"{each.provider} processed": f"{each.success_rate:.1%}"
        for each in found.webhooks
        if each.success_rate is not None
    }
    connectors = {f"Sent to {each.connector}": _counted(each.outcomes) for each in found.connectors}
    delivered = {
        f"Delivered to {each.connector}": f"{each.success_rate:.1%}"
        for each in found.connectors
        if each.success_rate is not None
    }
    redelivery = {
        f"Missed by {each.provider}/{each.source}": _counted(
            {name: getattr(each, name) for name in _REDELIVERY}
        )
        for each in found.redelivery
    }
    services = {f"Requests to {each.service}": _counted(each.statuses) for each in found.services}
    answered = {
        f"{each.service} answered in": _times(each.latency)
        for each in found.services
        if each.latency.count
    }
    circuits = {f"Circuit of {each.connection}": each.state for each in found.circuits}
    return {
        "Tasks": _counted(tasks.by_status),
        "Changes": _counted(tasks.changes),
        "Succeeded": rate,
        "Processed in": _times(tasks.processing),
        "Waiting": _counted(queues),
        **webhooks,
        **deferred,
        "Oldest deferred": format_time(found.oldest_pending),
        **processed,
        **acks,
        **redelivery,
        **connectors,
        **delivered,
        **services,
        **answered,
        **circuits,
    }


def _transition(before: str, after: str) -> str:
    return after if before == after else f"{before}, now {after}"


def _counted(counts: Mapping[K, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _waited(webhooks: WebhookMetrics) -> str:
    late = f", {webhooks.late} over {webhooks.deadline:g} s" if webhooks.late else ""
    return _times(webhooks.acks) + late


def _times(times: DurationStats) -> str:
    if times.p50 is None or times.p95 is None or times.p99 is None:
        return ""
    return f"{times.p50} s (half), {times.p95} s (95 %), {times.p99} s (99 %)"
