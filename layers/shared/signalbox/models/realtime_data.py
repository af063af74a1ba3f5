"""The data of live updates: small views, as lists of the API show them."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import TaskSummary
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.ids import ConnectionId, DeliveryId, IncidentId, NotificationId, TaskId
from signalbox.models.incident import IncidentSeverity, IncidentStatus
from signalbox.models.instance_health import HealthEvent
from signalbox.models.log import LogLine
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import ChangeType, Priority


class TaskEventData(TaskSummary):
    """A task after a change, as a list shows it, who changed it and why."""

    change: ChangeType
    by: str
    reason: str | None = None


class LogEventData(Model):
    """Lines that were appended to the log of a task."""

    task_id: TaskId
    lines: tuple[LogLine, ...]


class DeliveryEventData(Model):
    """A delivery that was received, received again, or interpreted."""

    id: DeliveryId
    provider: str
    source: str
    status: DeliveryStatus
    reason: str | None = None
    event: str | None = None
    received_at: UtcDatetime
    size: int
    task_ids: tuple[TaskId, ...] = ()
    duplicates: int = 0


class NotificationEventData(Model):
    """A notification after a change; `attempts` counts those made, `reason` is of the last one."""

    id: NotificationId
    task_id: TaskId
    connection: ConnectionId
    connector: str
    status: NotificationStatus
    change: str
    attempts: int
    reason: str | None = None
    next_at: UtcDatetime | None = None
    updated_at: UtcDatetime


class QueuePauseData(Model):
    """When a queue was paused, by whom and why."""

    at: UtcDatetime
    by: str
    reason: str | None = None


class QueueEventData(Model):
    """A queue after tasks entered or left it, or after a pause or its end.

    The counts are those of SQS, which lag behind. `pause` is null if the queue is not paused.
    """

    priority: Priority
    waiting: int
    in_flight: int
    delayed: int
    dead_letters: int
    pause: QueuePauseData | None = None


class ServiceEventData(Model):
    """A change of the health of an instance of a service."""

    service: str
    instance: str
    event: HealthEvent
    at: UtcDatetime
    reason: str | None = None


class IncidentEventData(Model):
    """An incident that has opened, grown or ended."""

    id: IncidentId
    status: IncidentStatus
    severity: IncidentSeverity
    cause: str
    title: str
    connection: ConnectionId | None = None
    count: int
    opened_at: UtcDatetime
    last_at: UtcDatetime
    last_error: str
    resolved_at: UtcDatetime | None = None
