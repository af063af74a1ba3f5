"""Let a notification wait until the earlier ones have ended."""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.backoff import PATIENCE
from signalbox.models.connection import Connection
from signalbox.models.errors import WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.hold import held_until
from signalbox.models.notification import Notification, SendResult, exhausted
from signalbox.services.notifications.order import NotificationOrder, Predecessor
from signalbox.services.notifications.outcomes import RETRY_SOON, Done, Later, Outcome
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.time import Clock

_SECOND: Final = timedelta(seconds=1)
_HELD_WITH: Final = timedelta(minutes=1)
"""A longer hold of the earlier notification holds the later one too, so that no message waits."""

_MARGIN: Final = timedelta(minutes=10)
"""How long after its own time a notification still waits: earlier ones come to their end first."""

_PACE: Final = 15
"""A notification that has waited for a while is looked at again after this part of it."""


@frozen
class WaitInOrder:
    """Decide whether it is the turn of a notification. Waiting counts no attempt."""

    order: NotificationOrder
    notifications: NotificationStore
    clock: Clock

    def __call__(self, current: Notification, connection: Connection) -> Notification | Outcome:
        """Return the notification if it may be sent, or what to do until then.

        Raises:
            Unavailable: A store did not answer, so that the order is not known.
        """
        try:
            settled = self.order.settled(current, connection)
            earlier = self.order.predecessor(settled, connection)
            if earlier is None:
                return settled
            return self._waits(settled, earlier, connection)
        except WriteConflict:
            return Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)

    def _waits(
        self, current: Notification, earlier: Predecessor, connection: Connection
    ) -> Outcome:
        now, other = self.clock(), earlier.notification
        reason = waiting_reason(other)
        hold = other.hold if other else None
        if hold and hold.until and hold.until - now > _HELD_WITH:
            self.notifications.replace(current, held_until(current, reason, hold.until, now))
            return Done(result=SendResult.HELD, reason=reason)
        left = current.retried_from + connection.retry.give_up_after - now
        if left <= -_MARGIN and other and not hold:
            self.notifications.replace(current, exhausted(current, reason, now))
            return Done(result=SendResult.DEAD, reason=reason)
        return Later(result=SendResult.IN_ORDER, after=_wait(current, earlier, now), reason=reason)


def waiting_reason(earlier: Notification | None) -> str:
    """Return what a notification waits for."""
    if earlier is None:
        return "waits for earlier notifications"
    return f"waits for the earlier notification {earlier.task_id}/{earlier.id}"


def _wait(current: Notification, earlier: Predecessor, now: datetime) -> timedelta:
    """Return when to look again: a second for each notification before, or after the next attempt.

    It grows with the time that has passed, since a queue allows a message so many receives.
    """
    turns = earlier.distance * _SECOND
    next_at = earlier.notification.next_at if earlier.notification else None
    if next_at and next_at > now:
        return next_at - now + turns
    return min(max(turns, (now - current.retried_from) / _PACE), PATIENCE)
