"""Test a connection by sending a notification of a change that never happened.

The notification takes the path of all others, through the queue and the connector, so its outcome
is that of a real one. There is no task behind it.
"""

from contextlib import suppress

from signalbox.models.change import TEST_EVENT_TYPE, Change, TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, IdempotencyKeyReused, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.hold import DISABLED
from signalbox.models.ids import (
    ChangeId,
    ConnectionId,
    RequestId,
    TaskId,
    notification_id,
    random_task_id,
    task_id,
)
from signalbox.models.notification import Notification
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.notifications.example_change import change_of_no_task
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.create import IdempotencyKey

_RETENTION_SECONDS = 86_400


@frozen
class CheckConnection:
    """Send test notifications. `stack` identifies this installation."""

    config: ConfigStore
    notifications: NotificationStore
    notification_queue: NotificationQueue
    clock: Clock
    stack: str

    def __call__(
        self,
        connection: ConnectionId,
        *,
        by: str,
        key: IdempotencyKey | None = None,
        request_id: RequestId | None = None,
    ) -> tuple[Notification, bool]:
        """Return the notification, and whether this call created it.

        Requests with the same idempotency key create one.

        Raises:
            NotFound: There is no such connection.
            IdempotencyKeyReused: The key was used for another request.
            Conflict: The connection is disabled, or its connector is not installed.
        """
        target = self.config.connection(connection)
        if not target.enabled:
            raise Conflict(DISABLED)
        if not self.notification_queue.has_queue(target.connector):
            raise Conflict(f"this installation has no connector {target.connector}")
        task = task_id("test", by, key.text) if key else random_task_id()
        notification = self._notification(target, self._change(task, by), key, request_id)
        if not self.notifications.create(notification):
            existing = self.notifications.get(task, notification.id)
            if existing.fingerprint != notification.fingerprint:
                raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
            return existing, False
        with suppress(Unavailable):  # it is stored: maintenance sends the message later
            self.notification_queue.send(target.connector, notification)
        return notification, True

    def _notification(
        self,
        connection: Connection,
        change: Change,
        key: IdempotencyKey | None,
        request_id: RequestId | None,
    ) -> Notification:
        now = self.clock()
        return Notification(
            # independent of connection and time: a key identifies one test
            id=notification_id(ChangeId(change.subject), ConnectionId("test")),
            connection=connection.id,
            connector=connection.connector,
            change=change,
            request_id=request_id,
            fingerprint=key.fingerprint if key else None,
            created_at=now,
            queued_at=now,
            updated_at=now,
            retention=_RETENTION_SECONDS,
        )

    def _change(self, task: TaskId, by: str) -> Change:
        now = self.clock()
        view = TaskView(
            id=task,
            version=1,
            status=TaskStatus.SUCCEEDED,
            priority=Priority.NORMAL,
            kind="test",
            title="A test from Signalbox: this connection works",
            provider="signalbox",
            source="default",
            author=by,
            attempt=0,
            max_attempts=1,
            created_at=now,
            updated_at=now,
            description="This message was requested to test the connection. There is no task.",
            arguments=(),
            instruction="",
            labels=(),
        )
        return change_of_no_task(view, TEST_EVENT_TYPE, stack=self.stack, at=now)
