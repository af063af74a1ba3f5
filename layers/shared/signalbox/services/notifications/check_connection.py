"""Tries a connection: owes it a notification of a change that never happened.

The notification goes the way of all others, through the queue and the connector, so what becomes of
it is what would become of a real one. There is no task behind it.
"""

from contextlib import suppress
from dataclasses import dataclass

from signalbox.models.change import Change, TaskView
from signalbox.models.config import Connection
from signalbox.models.errors import Conflict, IdempotencyKeyReused, Unavailable
from signalbox.models.ids import (
    ChangeId,
    ConnectionId,
    RequestId,
    TaskId,
    change_id,
    notification_id,
    random_task_id,
    task_id,
)
from signalbox.models.notification import Notification
from signalbox.models.task import Priority, TaskStatus
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.create import IdempotencyKey

TEST_EVENT_TYPE = "signalbox.test"
_KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckConnection:
    """Tries connections. `stack` names this installation."""

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
        named: IdempotencyKey | None = None,
        request_id: RequestId | None = None,
    ) -> tuple[Notification, bool]:
        """What is owed now, and whether this call made it: of the same name there is one.

        Raises NotFound, IdempotencyKeyReused, Conflict where nothing delivers such ones.
        """
        found = self.config.connection(connection)
        if not self.notification_queue.has_queue(found.connector):
            raise Conflict(f"this installation has no connector {found.connector}")
        task = task_id("test", by, named.text) if named else random_task_id()
        owed = self._owed(found, self._change(task, by), named, request_id)
        if not self.notifications.create(owed):
            there = self.notifications.get(task, owed.id)
            if there.fingerprint != owed.fingerprint:
                raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
            return there, False
        with suppress(Unavailable):  # it is owed by now: maintenance sends what we could not
            self.notification_queue.send(found.connector, owed)
        return owed, True

    def _owed(
        self,
        connection: Connection,
        change: Change,
        named: IdempotencyKey | None,
        request_id: RequestId | None,
    ) -> Notification:
        now = self.clock()
        return Notification(
            # the same whatever the connection, and whenever: a name is good for one test
            id=notification_id(ChangeId(change.subject), ConnectionId("test")),
            connection=connection.id,
            connector=connection.connector,
            change=change,
            request_id=request_id,
            fingerprint=named.fingerprint if named else None,
            created_at=now,
            queued_at=now,
            updated_at=now,
            retention=_KEPT_SECONDS,
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
            description="Somebody asked for this to see whether it arrives. There is no task.",
            arguments=(),
            instruction="",
            labels=(),
        )
        return Change(
            id=change_id(task, view.created_at, view.version),
            source=f"/signalbox/{self.stack}",
            type=TEST_EVENT_TYPE,
            subject=task,
            time=now,
            data=view,
        )
