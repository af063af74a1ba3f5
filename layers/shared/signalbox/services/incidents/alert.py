"""Alert connections of the opening and the resolution of an incident.

An alert is a notification of a change of no task. It takes the path of all others, so it is retried
and can be redelivered. The opening and the resolution are changes of the same object, so that
targets that show an object update it.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from signalbox.models.change import INCIDENT_EVENT_PREFIX, Change, TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ids import notification_id, task_id
from signalbox.models.incident import Incident, IncidentEvent, IncidentSeverity
from signalbox.models.notification import Notification
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.notifications.example_change import change_of_no_task
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.time import Clock

_RETENTION_SECONDS: Final = 30 * 86_400
_PRIORITIES: Final = {
    IncidentSeverity.CRITICAL: Priority.HIGH,
    IncidentSeverity.WARNING: Priority.NORMAL,
}
_STATUSES: Final = {
    IncidentEvent.OPENED: TaskStatus.FAILED,
    IncidentEvent.RESOLVED: TaskStatus.SUCCEEDED,
}


@frozen
class SendAlerts:
    """Alert the connections with `incidents`. `stack` identifies this installation."""

    config: ConfigStore
    notifications: NotificationStore
    notification_queue: NotificationQueue
    clock: Clock
    stack: str

    def __call__(self, incident: Incident) -> None:
        """Send the alerts of an incident that are not sent yet.

        It may be called again for the same incident: the ids of notifications are derived.

        Raises:
            Unavailable: The configuration or the store did not answer.
        """
        connections = list(self._connections(incident))
        for event in incident.alerts:
            change = incident_change(incident, event, self.stack)
            for connection in connections:
                self._notify(connection, change, alert_text(incident, event))

    def _connections(self, incident: Incident) -> Iterator[Connection]:
        """Yield who is alerted: never the connection that fails."""
        for connection in self.config.connections():
            is_chosen = connection.incidents and connection.enabled
            fails_itself = connection.id == incident.cause.connection
            is_installed = self.notification_queue.has_queue(connection.connector)
            if is_chosen and is_installed and not fails_itself:
                yield connection

    def _notify(self, connection: Connection, change: Change, text: str) -> None:
        now = self.clock()
        notification = Notification(
            id=notification_id(change.id, connection.id),
            connection=connection.id,
            connector=connection.connector,
            change=change,
            text=text,
            created_at=now,
            queued_at=now,
            updated_at=now,
            retention=_RETENTION_SECONDS,
        )
        if self.notifications.create(notification):
            with suppress(Unavailable):  # it is stored: maintenance sends the message later
                self.notification_queue.send(connection.connector, notification)


def incident_change(incident: Incident, event: IncidentEvent, stack: str) -> Change:
    """Return the change that an alert sends."""
    at = incident.resolved_at if event is IncidentEvent.RESOLVED else incident.opened_at
    view = TaskView(
        id=task_id("incident", incident.id),
        version=list(IncidentEvent).index(event) + 1,
        status=_STATUSES[event],
        priority=_PRIORITIES[incident.cause.severity],
        kind="incident",
        title=incident.cause.title,
        description=alert_text(incident, event),
        provider="signalbox",
        source="default",
        attempt=0,
        max_attempts=1,
        created_at=incident.opened_at,
        updated_at=at or incident.opened_at,
        arguments=(),
        instruction="",
        labels=(),
        reason=incident.last_error or None,
    )
    type_ = f"{INCIDENT_EVENT_PREFIX}{event}"
    return change_of_no_task(view, type_, stack=stack, at=view.updated_at)


def alert_text(incident: Incident, event: IncidentEvent) -> str:
    """Return the message of an alert, in plain text of a few lines."""
    first, last = _minute(incident.first_at), _minute(incident.last_at)
    lines = [
        f"Incident {event}: {incident.cause.title}",
        f"Count: {incident.count}, the first at {first}, the last at {last}",
    ]
    if incident.last_error:
        lines.append(f"Last error: {incident.last_error}")
    lines.append(f"Failures: {incident.cause.action} ({incident.cause.link})")
    lines.append(f"Incident: signalbox incidents show {incident.id}")
    return "\n".join(lines)


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
