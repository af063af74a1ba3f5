"""Hold a notification: no attempt is made until it is released."""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.errors import Conflict
from signalbox.models.notification import Hold, Notification, logged, with_unknown_end
from signalbox.models.notification_status import NotificationStatus

HOLD_LIMIT: Final = timedelta(days=30)
"""For how long a notification is held before it is dead."""

DISABLED: Final = "the connection is disabled"
QUIET: Final = "quiet hours of the subscription"
_OUTCOME: Final = "held"


def held(notification: Notification, reason: str, now: datetime) -> Notification:
    """Return the notification for which no attempt is made until it is released."""
    return _held(with_unknown_end(notification), reason, now, notification.number)


def held_until(
    notification: Notification, reason: str, until: datetime, now: datetime
) -> Notification:
    """Return the notification for which no attempt is made before `until`."""
    waiting = held(notification, reason, now)
    hold = Hold(reason=reason, since=now, until=until)
    return waiting.model_copy(update={"hold": hold, "next_at": until})


def held_during_attempt(notification: Notification, reason: str, now: datetime) -> Notification:
    """Return the notification whose attempt found that none may be made; it does not count."""
    known = logged(notification, now, _OUTCOME, reason)
    return _held(known, reason, now, notification.number - 1)


def released_from_hold(notification: Notification, now: datetime) -> Notification:
    """Return the notification that is no longer held; all of the time is left for its attempts.

    Raises:
        Conflict: It is not held.
    """
    if not notification.open or not notification.hold:
        raise Conflict("the notification is not held")
    return notification.model_copy(
        update={
            "version": notification.version + 1,
            "hold": None,
            "released_at": now,
            "updated_at": now,
            "sent_at": None,
        }
    )


def _held(known: Notification, reason: str, now: datetime, number: int) -> Notification:
    return known.model_copy(
        update={
            "version": known.version + 1,
            "status": NotificationStatus.QUEUED,
            "busy_until": None,
            "next_at": None,
            "hold": Hold(reason=reason, since=now),
            "updated_at": now,
            "number": number,
        }
    )
