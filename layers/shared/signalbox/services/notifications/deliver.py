"""Deliver a notification: make one attempt and record its outcome.

The attempt is recorded before it is made, on the condition that no other attempt has begun. If the
process dies in between, the message returns and finds an attempt without an outcome.
"""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import RetryPolicy
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.hold import DISABLED, held
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.notification import Notification, SendResult, begun, exhausted
from signalbox.services.notifications.circuits import CallAllowed, CallBlocked, CircuitBreakers
from signalbox.services.notifications.digest import Digests
from signalbox.services.notifications.make_attempt import MakeAttempt, retry_of
from signalbox.services.notifications.outcomes import RETRY_SOON, Done, Later, Outcome
from signalbox.services.notifications.replies import find_connection
from signalbox.services.notifications.slots import SendSlots
from signalbox.services.notifications.wait_in_order import WaitInOrder
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.time import Clock

ATTEMPT_TIMEOUT: Final = timedelta(minutes=2)
"""For how long no other attempt may begin: longer than any attempt takes."""


@frozen
class DeliverNotification:
    """Deliver notifications of one connector."""

    attempt: MakeAttempt
    notifications: NotificationStore
    config: ConfigStore
    circuits: CircuitBreakers
    clock: Clock
    digests: Digests | None = None
    slots: SendSlots | None = None
    order: WaitInOrder | None = None

    def __call__(self, task: TaskId, notification: NotificationId) -> Outcome:
        """Make one attempt and return its outcome. A message may be received any number of times.

        Raises:
            Unavailable: The outcome could not be recorded.
        """
        try:
            current = self.notifications.get(task, notification)
        except NotFound:
            return Done(result=SendResult.EXPIRED)
        if not current.open:
            return Done(result=SendResult.FINISHED, reason=current.status)
        connection = self._current_connection(current)
        if waits := self._without_attempt(current, connection):
            return waits
        turn = self.order(current, connection) if self.order and connection else current
        return self._gathered(turn, connection) if isinstance(turn, Notification) else turn

    def _gathered(self, current: Notification, connection: Connection | None) -> Outcome:
        """Make the attempt; that of the leader of a digest with the changes of its members."""
        if self.digests is None or current.digest is None:
            return self._admitted(current, connection)
        try:
            leader = self.digests.gathered(current)
        except WriteConflict:
            return Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)
        outcome = self._admitted(leader, connection)
        if outcome.result is SendResult.DELIVERED:
            self.digests.complete(leader)
        return outcome

    def _without_attempt(
        self, current: Notification, connection: Connection | None
    ) -> Outcome | None:
        """Return the outcome if no attempt may be made now."""
        now = self.clock()
        if (free_at := _next_attempt_at(current)) and free_at > now:
            return Later(result=SendResult.NOT_DUE, after=free_at - now)
        if connection and not connection.enabled:
            if current.hold and current.hold.until is None:
                return Done(result=SendResult.HELD, reason=current.hold.reason)
            return self._record(current, held(current, DISABLED, now))
        if _is_exhausted(current, retry_of(connection), now):
            return self._record(current, exhausted(current, "no attempts are left", now))
        return None

    def _current_connection(self, current: Notification) -> Connection | None:
        """Return the connection, None if the attempt will find out what is wrong with it."""
        try:
            connection = find_connection(self.config, current.connection)
            if not connection.enabled:
                self.config.invalidate()  # it may have been enabled since it was read
                connection = find_connection(self.config, current.connection)
        except (NotFound, Unavailable):
            return None
        return connection if connection.connector == self.attempt.connector.name else None

    def _admitted(self, current: Notification, connection: Connection | None) -> Outcome:
        call = self.circuits.admit(current.connection)
        if isinstance(call, CallBlocked):
            return self._blocked(current, call, retry_of(connection))
        waits = self.slots(current, connection) if self.slots and connection else None
        if waits:
            self.circuits.record(call, answered=None)
            return waits
        return self._attempt(current, call, connection)

    def _blocked(self, current: Notification, blocked: CallBlocked, retry: RetryPolicy) -> Outcome:
        now = self.clock()
        if now + blocked.after - current.retried_from > retry.give_up_after:
            return self._record(
                current, exhausted(current, "the circuit was open until the end", now)
            )
        return Later(result=SendResult.CIRCUIT_OPEN, after=blocked.after)

    def _attempt(
        self, current: Notification, call: CallAllowed, connection: Connection | None
    ) -> Outcome:
        now = self.clock()
        attempt = begun(current, now, now + ATTEMPT_TIMEOUT)
        try:
            self.notifications.replace(current, attempt)
        except WriteConflict:
            self.circuits.record(call, answered=None)
            return Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)
        after, answered = self.attempt(attempt, connection)
        outcome = self._record(attempt, after)
        self.circuits.record(call, answered=answered)
        return outcome

    def _record(self, before: Notification, after: Notification) -> Outcome:
        """Record the outcome. If another attempt has begun meanwhile, that one decides."""
        try:
            self.notifications.replace(before, after)
        except WriteConflict:
            return Later(result=SendResult.SUPERSEDED, after=RETRY_SOON)
        if after.hold:
            return Done(result=SendResult.HELD, reason=after.hold.reason)
        reason = after.attempts[-1].reason
        if after.next_at and after.open:
            return Later(
                result=SendResult.DELAYED, after=after.next_at - self.clock(), reason=reason
            )
        return Done(result=SendResult(after.status), reason=reason)


def _next_attempt_at(current: Notification) -> datetime | None:
    """Return when the next attempt may be made, or None if it may be made now."""
    return max((at for at in (current.busy_until, current.next_at) if at), default=None)


def _is_exhausted(current: Notification, retry: RetryPolicy, now: datetime) -> bool:
    """Return whether the attempts without an outcome have used up the limit."""
    late = now - current.retried_from > retry.give_up_after
    return current.number >= retry.attempts or (current.number > 0 and late)
