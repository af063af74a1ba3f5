"""Dispatch the changes of a task: a message for its workers, notifications for its subscribers.

It may run twice for a change with the same outcome: the id of a notification is derived from its
change and connection, and a second message finds nothing to do.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.change import Change, change_for
from signalbox.models.config import Connection, Subscription
from signalbox.models.errors import (
    ConfigurationUnreadable,
    Conflict,
    NotFound,
    TemplateInvalid,
    Unavailable,
)
from signalbox.models.hold import DISABLED, QUIET, held, held_until
from signalbox.models.ids import ConnectionId, notification_id
from signalbox.models.lifecycle import dispatched, queued
from signalbox.models.notification import Notification, refused
from signalbox.models.task import UNSENT_AFTER, Task, TaskStatus, TaskStep
from signalbox.services.config.find_source import find_source
from signalbox.services.notifications.digest import DIGESTING, Digests
from signalbox.services.notifications.replies import REPLYING, reply_for
from signalbox.services.notifications.selection import digesting, quiet_until, selecting
from signalbox.services.ports.config import ConfigStore, HasSecret, has_no_secret
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.tasks import TaskQueue, TaskStore
from signalbox.services.ports.time import Clock

_MIN_RETENTION_SECONDS: Final = 7 * 86_400
_DISPATCH_WINDOW: Final = timedelta(seconds=_MIN_RETENTION_SECONDS) - timedelta(days=1)
"""Older steps were dispatched long ago, and their notifications may have expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchChanges:
    """Dispatch changes. `stack` identifies this installation in their envelopes.

    `has_secret` tells whether the source of a task has a token to answer with.
    """

    tasks: TaskStore
    notifications: NotificationStore
    queue: TaskQueue
    notification_queue: NotificationQueue
    config: ConfigStore
    clock: Clock
    stack: str
    has_secret: HasSecret = has_no_secret
    digests: Digests | None = None

    def __call__(self, task: Task, steps: Sequence[TaskStep]) -> None:
        """Dispatch these steps of the task.

        It may be called again for the same steps.

        Raises:
            Unavailable: Something could not be dispatched, after everything else was; the steps
                stay undispatched. ConfigurationUnreadable means that an early retry will not
                help.
        """
        is_waiting = task.status is TaskStatus.PENDING and task.sent_at is None
        awaits_approval = task.status is TaskStatus.AWAITING_APPROVAL
        marks_steps = is_waiting or task.finished or awaits_approval
        if is_waiting:
            # workers go first: a failing notification must not delay them
            self.queue.send(task.priority, [task.id])
        # the mark covers every step so far, also those that the stream has given up
        undispatched = task.undispatched if marks_steps else steps
        errors = [error for step in undispatched for error in self._notify(step, task)]
        if marks_steps and not errors:
            self._mark(task, dispatched(task, self.clock()))
        elif is_waiting:
            self._mark(task, queued(task, self.clock()))
        if errors:
            raise min(errors, key=lambda each: isinstance(each, ConfigurationUnreadable))

    def _mark(self, before: Task, after: Task) -> None:
        # losing the race is harmless: the next step is dispatched by itself
        with suppress(Conflict):
            self.tasks.replace(before, after)

    def _notify(self, step: TaskStep, task: Task) -> Iterator[Unavailable]:
        """Create the notifications of a step and yield the errors that prevented some."""
        if self.clock() - step.at >= _DISPATCH_WINDOW:
            return
        change = change_for(task, step, self.stack)
        try:
            subscriptions = selecting(self.config.subscriptions(), change)
        except Unavailable as error:
            yield error
            return
        for name in dict.fromkeys(each.connection for each in subscriptions):
            its_own = [each for each in subscriptions if each.connection == name]
            try:
                connection = self._connection(name)
                if connection:
                    self._create_notification(change, connection, task, its_own)
            except Unavailable as error:
                yield error
        try:
            self._reply(change, task)
        except Unavailable as error:
            yield error

    def _reply(self, change: Change, task: Task) -> None:
        """Create the notification by which the task answers where it came from."""
        origin = task.origin
        if origin.provider not in REPLYING:
            return
        source = find_source(self.config, origin.provider, origin.source)
        connection = reply_for(change, task, source)
        is_installed = self.notification_queue.has_queue(origin.provider)
        if connection and is_installed and self.has_secret(connection.token):
            self._create_notification(change, connection, task, ())

    def _connection(self, name: ConnectionId) -> Connection | None:
        with suppress(NotFound):
            return self.config.connection(name)
        self.config.invalidate()  # the subscription may be newer than the cached connections
        with suppress(NotFound):
            return self.config.connection(name)
        return None

    def _create_notification(
        self,
        change: Change,
        connection: Connection,
        task: Task,
        subscriptions: Sequence[Subscription],
    ) -> None:
        now = self.clock()
        notification = _notification(change, connection, task, subscriptions, now)
        if not self.notification_queue.has_queue(connection.connector):
            reason = f"this installation has no connector {connection.connector}"
            self.notifications.create(refused(notification, reason, now))
        elif not connection.enabled:
            self.notifications.create(held(notification, DISABLED, now))
        elif not self._collected(notification, subscriptions) and not self._waits(
            notification, subscriptions
        ):
            self._send(connection, notification)

    def _send(self, connection: Connection, notification: Notification) -> None:
        if self.notifications.create(notification) or self._message_may_be_missing(notification):
            self.notification_queue.send(connection.connector, notification)

    def _waits(self, notification: Notification, subscriptions: Sequence[Subscription]) -> bool:
        """Store the notification until the end of quiet hours; return False if there are none."""
        now = self.clock()
        until = quiet_until(subscriptions, notification.change, now)
        if until:
            self.notifications.create(held_until(notification, QUIET, until, now))
        return until is not None

    def _collected(self, notification: Notification, subscriptions: Sequence[Subscription]) -> bool:
        """Store the notification as part of a digest; return False if it is not for one."""
        subscription = digesting(subscriptions, notification.change)
        if not subscription or not subscription.digest or not self.digests:
            return False
        if notification.connector not in DIGESTING:
            return False
        if self._is_stored(notification):
            return True  # it joined one before, which may have been sent
        ends_at = self.clock() + timedelta(minutes=subscription.digest.minutes)
        ends_at = quiet_until(subscriptions, notification.change, ends_at) or ends_at
        waiting = self.digests.join(notification, subscription, ends_at)
        if waiting:
            self.notifications.create(waiting)
        return waiting is not None

    def _is_stored(self, notification: Notification) -> bool:
        """Return whether an earlier run stored the notification in a digest."""
        with suppress(NotFound):
            stored = self.notifications.get(notification.task_id, notification.id)
            return stored.digest is not None
        return False

    def _message_may_be_missing(self, notification: Notification) -> bool:
        """Return whether an earlier run stored the notification without sending its message.

        After a while maintenance finds such a notification by itself.
        """
        try:
            stored = self.notifications.get(notification.task_id, notification.id)
        except NotFound:
            return False
        is_new = stored.number == 0 and stored.hold is None
        return is_new and self.clock() - stored.queued_at < UNSENT_AFTER


def _notification(
    change: Change,
    connection: Connection,
    task: Task,
    subscriptions: Sequence[Subscription],
    now: datetime,
) -> Notification:
    template = next((each.template for each in subscriptions if each.template), None)
    return Notification(
        id=notification_id(change.id, connection.id),
        connection=connection.id,
        connector=connection.connector,
        change=change,
        text=_text(template, change) if template else None,
        request_id=task.origin.request_id,
        created_at=now,
        queued_at=now,
        updated_at=now,
        # the id must exist for as long as a change can be dispatched again
        retention=max(task.retention, _MIN_RETENTION_SECONDS) if task.retention else 0,
    )


def _text(template: str, change: Change) -> str | None:
    """Return the message of a template, None if it cannot be rendered: the connector writes one."""
    from signalbox.services.notifications.message_template import (  # noqa: PLC0415  rarely needed
        message_template,
    )

    with suppress(TemplateInvalid):
        return message_template(template).render(change) or None
    return None
