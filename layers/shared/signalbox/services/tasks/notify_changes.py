"""Create the notifications of changes, for the connections of matching subscriptions.

The id of a notification is derived from its change and connection, so that it exists once however
often a change is dispatched.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from signalbox.models.change import Change, change_for
from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import NotFound, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.hold import DISABLED, QUIET, held, held_until
from signalbox.models.ids import ConnectionId, change_id
from signalbox.models.notification import Notification, refused
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.models.task import UNSENT_AFTER, Task, TaskOrigin, TaskStep
from signalbox.services.config.find_source import find_source
from signalbox.services.notifications.digest import DIGESTING, Digests
from signalbox.services.notifications.new_notification import (
    MIN_RETENTION_SECONDS,
    new_notification,
)
from signalbox.services.notifications.order import NotificationOrder
from signalbox.services.notifications.replies import REPLYING, reply_for
from signalbox.services.notifications.selection import digesting, quiet_until, selecting
from signalbox.services.ports.config import ConfigStore, HasSecret, has_no_secret
from signalbox.services.ports.notifications import NotificationQueue, NotificationStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.outbox import Outbox

_DISPATCH_WINDOW: Final = timedelta(seconds=MIN_RETENTION_SECONDS) - timedelta(days=1)
"""Older steps were dispatched long ago, and their notifications may have expired."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One dispatch of steps from the version `begin` on, and what it could not create.

    For connections that keep an order it includes earlier steps, whose notifications may be missing
    after an error, and a step that could not be dispatched keeps the later ones back.
    """

    begin: int
    outbox: Outbox
    missed: set[ConnectionId] = field(default_factory=set)
    missed_all: bool = False

    def takes(self, connection: Connection, step: TaskStep) -> bool:
        """Return whether the connection gets a notification of the step in this run."""
        if connection.order is DeliveryOrder.NONE:
            return step.version >= self.begin
        return not self.missed_all and connection.id not in self.missed


@frozen
class NotifyChanges:
    """Create the notifications of steps, and add their messages to an outbox.

    `stack` identifies this installation in their envelopes. `has_secret` tells whether the source
    of a task has a token to answer with.
    """

    notifications: NotificationStore
    notification_queue: NotificationQueue
    config: ConfigStore
    clock: Clock
    stack: str
    has_secret: HasSecret = has_no_secret
    digests: Digests | None = None
    order: NotificationOrder | None = None

    def __call__(
        self, task: Task, steps: Sequence[TaskStep], outbox: Outbox
    ) -> Iterator[Unavailable]:
        """Create the notifications of the steps and yield the errors that prevented some."""
        begin = min((step.version for step in steps), default=0)
        earlier: Sequence[TaskStep] = ()
        try:
            if any(each.order is not DeliveryOrder.NONE for each in self.config.connections()):
                earlier = [step for step in task.undispatched if step.version < begin]
        except Unavailable as error:
            yield error
            return
        run = _Run(begin=begin, outbox=outbox)
        for step in (*earlier, *steps):
            yield from self._notify(step, task, run)

    def _notify(self, step: TaskStep, task: Task, run: _Run) -> Iterator[Unavailable]:
        if self.clock() - step.at >= _DISPATCH_WINDOW:
            return
        change = change_for(task, step, self.stack)
        try:
            subscriptions = selecting(self.config.subscriptions(), change)
        except Unavailable as error:
            run.missed_all = True
            yield error
            return
        for name in dict.fromkeys(each.connection for each in subscriptions):
            its_own = [each for each in subscriptions if each.connection == name]
            try:
                connection = self._connection(name)
                if connection and run.takes(connection, step):
                    self._create_notification(change, connection, task, its_own, run.outbox)
            except Unavailable as error:
                run.missed.add(name)
                yield error
        if step.version < run.begin:
            return
        try:
            self._reply(change, task, run.outbox)
        except Unavailable as error:
            yield error

    def _reply(self, change: Change, task: Task, outbox: Outbox) -> None:
        """Create the notification by which the task answers where it came from."""
        origin = task.origin
        if origin.provider not in REPLYING:
            return
        connection = reply_for(change, task, self._source(origin))
        is_installed = self.notification_queue.has_queue(origin.provider)
        if connection and is_installed and self.has_secret(connection.token):
            self._create_notification(change, connection, task, (), outbox)

    def _source(self, origin: TaskOrigin) -> Source | None:
        """Return the source of a task, None if it is disabled or was removed."""
        source = find_source(self.config, origin.provider, origin.source)
        if source is None and self.config.source(origin.provider, origin.source) is None:
            self.config.invalidate()  # the source may be newer than the cached ones
            source = find_source(self.config, origin.provider, origin.source)
        return source

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
        outbox: Outbox,
    ) -> None:
        now = self.clock()
        notification = new_notification(change, connection, task, subscriptions, now)
        if not self.notification_queue.has_queue(connection.connector):
            reason = f"this installation has no connector {connection.connector}"
            self.notifications.create(refused(notification, reason, now))
        elif not connection.enabled:
            self.notifications.create(held(notification, DISABLED, now))
            self._join(connection, notification)
        elif connection.order is DeliveryOrder.NONE and self._collected(
            notification, subscriptions
        ):
            return
        elif self._waits(notification, subscriptions):
            self._join(connection, notification)
        else:
            earlier = change.id != change_id(task.id, task.created_at, task.version)
            if self._needs_message(connection, notification, earlier=earlier):
                outbox.add_notification(connection.connector, notification)

    def _needs_message(
        self, connection: Connection, notification: Notification, *, earlier: bool
    ) -> bool:
        """Store the notification and return whether a message has to be sent for it."""
        # an earlier step was mostly dispatched before: to look costs less than a refused write
        stored = self._stored(notification) if earlier else None
        is_new = stored is None and self.notifications.create(notification)
        self._join(connection, notification)
        return is_new or self._message_may_be_missing(stored or self._stored(notification))

    def _join(self, connection: Connection, notification: Notification) -> None:
        """Give the stored notification its position in the order of the connection."""
        if self.order and connection.order is DeliveryOrder.CONNECTION:
            with suppress(NotFound):  # it has ended and expired
                self.order.join(notification)

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
        stored = self._stored(notification)
        return stored is not None and stored.digest is not None

    def _stored(self, notification: Notification) -> Notification | None:
        """Return the notification as an earlier run stored it, None if there is none."""
        with suppress(NotFound):
            return self.notifications.get(notification.task_id, notification.id)
        return None

    def _message_may_be_missing(self, stored: Notification | None) -> bool:
        """Return whether an earlier run stored the notification without sending its message.

        After a while maintenance finds such a notification by itself.
        """
        if stored is None:
            return False
        is_new = stored.number == 0 and stored.hold is None
        return is_new and self.clock() - stored.queued_at < UNSENT_AFTER
