"""What subscribers receive of a change in a table."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from signalbox.models.base import Model
from signalbox.models.change import TASK_EVENT_PREFIX, task_summary
from signalbox.models.delivery import Delivery
from signalbox.models.ids import TaskId, change_id
from signalbox.models.incident import Incident, IncidentLedger
from signalbox.models.instance_health import ServiceHealth
from signalbox.models.log import Chunk, LogLine
from signalbox.models.notification import Notification
from signalbox.models.pause import Pause
from signalbox.models.realtime import (
    DELIVERIES_CHANNEL,
    INCIDENTS_CHANNEL,
    NOTIFICATIONS_CHANNEL,
    QUEUE_CHANNEL,
    SERVICES_CHANNEL,
    TASKS_CHANNEL,
    RealtimeEvent,
    log_channel,
)
from signalbox.models.realtime_data import (
    DeliveryEventData,
    IncidentEventData,
    LogEventData,
    NotificationEventData,
    QueueEventData,
    QueuePauseData,
    ServiceEventData,
    TaskEventData,
)
from signalbox.models.task import Priority, Task
from signalbox.services.ports.tasks import QueueDepth

ChannelEvent = tuple[str, RealtimeEvent]
"""An event and its channel."""

MAX_LOG_BYTES: Final = 24_000
"""Lines of a log that fit into a frame."""


def task_event(task: Task) -> ChannelEvent:
    """Return the event of the last step of a task."""
    step, summary = task.last_step, task_summary(task)
    data = TaskEventData(**summary.__dict__, change=step.type, by=step.by, reason=step.reason)
    facets = {
        "status": task.status,
        "kind": task.kind,
        "provider": task.origin.provider,
        "source": task.origin.source,
        "priority": task.priority,
        "repository": task.repository or "",
    }
    return TASKS_CHANNEL, RealtimeEvent(
        key=change_id(task.id, task.created_at, task.version),
        type=f"{TASK_EVENT_PREFIX}{step.type}",
        subject=task.id,
        time=step.at,
        facets={name: str(value) for name, value in facets.items()},
        dataref=f"/api/v1/tasks/{task.id}",
        data=_json(data),
    )


def log_events(task: TaskId, chunk: Chunk) -> Iterator[ChannelEvent]:
    """Yield the events of a chunk of a log, each of which fits into a frame."""
    lines: list[LogLine] = []
    size = 0
    for line in chunk.behind(0):
        length = len(line.model_dump_json().encode())
        if lines and size + length > MAX_LOG_BYTES:
            yield _log_event(task, lines)
            lines, size = [], 0
        lines.append(line)
        size += length
    if lines:
        yield _log_event(task, lines)


def _log_event(task: TaskId, lines: list[LogLine]) -> ChannelEvent:
    return log_channel(task), RealtimeEvent(
        key=f"{lines[0].seq}.{int(lines[0].at.timestamp())}",
        type=f"{TASK_EVENT_PREFIX}log",
        subject=task,
        time=lines[-1].at,
        dataref=f"/api/v1/tasks/{task}/logs?after={lines[0].seq - 1}",
        data=_json(LogEventData(task_id=task, lines=tuple(lines))),
    )


def delivery_event(delivery: Delivery, duplicates: int, *, new: bool) -> ChannelEvent:
    """Return the event of a delivery that is new, or has changed."""
    data = DeliveryEventData(
        id=delivery.id,
        provider=delivery.provider,
        source=delivery.source,
        status=delivery.status,
        reason=delivery.reason,
        event=delivery.event,
        received_at=delivery.received_at,
        size=delivery.size,
        task_ids=delivery.task_ids,
        duplicates=duplicates,
    )
    return DELIVERIES_CHANNEL, RealtimeEvent(
        key=f"{delivery.id}.{delivery.version}.{duplicates}",
        type=f"signalbox.delivery.{'received' if new else 'changed'}",
        subject=delivery.id,
        time=delivery.received_at if new else delivery.replayed_at or delivery.received_at,
        facets={
            "status": str(delivery.status),
            "provider": delivery.provider,
            "source": delivery.source,
        },
        dataref=f"/api/v1/deliveries/{delivery.id}",
        data=_json(data),
    )


def notification_event(notification: Notification) -> ChannelEvent:
    """Return the event of a notification that has changed."""
    last = notification.attempts[-1] if notification.attempts else None
    data = NotificationEventData(
        id=notification.id,
        task_id=notification.task_id,
        connection=notification.connection,
        connector=notification.connector,
        status=notification.status,
        change=notification.change.type,
        attempts=notification.number,
        reason=last.reason if last else None,
        next_at=notification.next_at,
        updated_at=notification.updated_at,
    )
    return NOTIFICATIONS_CHANNEL, RealtimeEvent(
        key=f"{notification.id}.{notification.version}",
        type=f"signalbox.notification.{notification.status}",
        subject=notification.id,
        time=notification.updated_at,
        facets={
            "status": str(notification.status),
            "connection": notification.connection,
            "connector": notification.connector,
        },
        dataref=f"/api/v1/tasks/{notification.task_id}/notifications/{notification.id}",
        data=_json(data),
    )


def queue_event(depth: QueueDepth, pause: Pause | None, key: str, now: datetime) -> ChannelEvent:
    """Return the event of a queue that has changed, and whose pause may have begun or ended."""
    data = QueueEventData(
        priority=depth.queue,
        waiting=depth.waiting,
        in_flight=depth.in_flight,
        delayed=depth.delayed,
        dead_letters=depth.dead_letters,
        pause=QueuePauseData(at=pause.at, by=pause.by, reason=pause.reason) if pause else None,
    )
    return QUEUE_CHANNEL, RealtimeEvent(
        key=f"{depth.queue}.{key}",
        type="signalbox.queue.changed",
        subject=depth.queue,
        time=now,
        facets={"priority": str(depth.queue)},
        dataref="/api/v1/queue",
        data=_json(data),
    )


def queues_of(before: Task | None, after: Task) -> frozenset[Priority]:
    """Return the queues that a step changes."""
    if before is not None and (before.status, before.priority) == (after.status, after.priority):
        return frozenset()
    return frozenset({after.priority} | ({before.priority} if before else set()))


def service_events(
    service: str, before: ServiceHealth, after: ServiceHealth
) -> Iterator[ChannelEvent]:
    """Yield the events of changes of the health of instances, the oldest first."""
    known = set(before.history)
    for change in reversed(after.history):
        if change in known:
            continue
        data = ServiceEventData(
            service=service,
            instance=change.instance,
            event=change.event,
            at=change.at,
            reason=change.reason,
        )
        yield (
            SERVICES_CHANNEL,
            RealtimeEvent(
                key=f"{service}.{change.instance}.{change.event}.{change.at.isoformat()}",
                type=f"signalbox.service.{change.event}",
                subject=service,
                time=change.at,
                facets={"service": service, "event": str(change.event)},
                dataref=f"/api/v1/services/{service}/instances",
                data=_json(data),
            ),
        )


def incident_events(before: IncidentLedger, after: IncidentLedger) -> Iterator[ChannelEvent]:
    """Yield the events of incidents that have opened, grown or ended."""
    known = {incident.id: incident for incident in before.incidents}
    for incident in after.incidents:
        previous = known.get(incident.id)
        if previous is not None and _state(previous) == _state(incident):
            continue
        data = IncidentEventData(
            id=incident.id,
            status=incident.status,
            severity=incident.cause.severity,
            cause=incident.cause.key,
            title=incident.cause.title,
            connection=incident.cause.connection,
            count=incident.count,
            opened_at=incident.opened_at,
            last_at=incident.last_at,
            last_error=incident.last_error,
            resolved_at=incident.resolved_at,
        )
        yield (
            INCIDENTS_CHANNEL,
            RealtimeEvent(
                key=f"{incident.id}.{incident.count}.{incident.status}",
                type=f"signalbox.incident.{_change(previous, incident)}",
                subject=incident.id,
                time=incident.resolved_at or incident.last_at,
                facets={
                    "status": str(incident.status),
                    "severity": str(incident.cause.severity),
                },
                dataref=f"/api/v1/incidents/{incident.id}",
                data=_json(data),
            ),
        )


def _state(incident: Incident) -> tuple[int, datetime | None]:
    return incident.count, incident.resolved_at


def _change(before: Incident | None, after: Incident) -> str:
    if after.resolved_at:
        return "resolved"
    return "changed" if before else "opened"


def _json(data: Model) -> dict[str, JsonValue]:
    return data.model_dump(mode="json")
