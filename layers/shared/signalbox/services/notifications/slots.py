"""Slots of connections with a rate limit: each attempt waits for one."""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.connection import Connection
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification, SendResult, exhausted
from signalbox.services.notifications.outcomes import RETRY_SOON, Done, Later, Outcome
from signalbox.services.ports.notifications import NotificationStore, TakeSendSlot
from signalbox.services.ports.time import Clock

_SLOT_LASTS: Final = timedelta(minutes=1)
"""A notification that comes later than this needs another slot: others have one by then."""

_NO_SLOT: Final = "the rate limit of the connection leaves no time"


@frozen
class SendSlots:
    """Give each notification of a connection with a rate limit a slot.

    The slot is stored with the notification, so that it is received once for the slot and once in
    it, however many wait. What gets no slot before its attempts end is dead and takes none, so that
    a flood leaves the slots after it to others. If the store of the slots does not answer, there is
    no limit.
    """

    take: TakeSendSlot
    notifications: NotificationStore
    clock: Clock

    def __call__(self, current: Notification, connection: Connection) -> Outcome | None:
        """Return None if the notification may be sent now, or what to do until its slot."""
        cap, now = connection.rate_limit, self.clock()
        if cap is None or _is_in_slot(current, now):
            return None
        latest = max(now, current.retried_from + connection.retry.give_up_after)
        try:
            slot = self.take(connection.id, cap, now, latest)
        except Unavailable:
            return None
        if slot is not None and slot <= now:
            return None
        after = _in_slot(current, slot, now) if slot else exhausted(current, _NO_SLOT, now)
        try:
            self.notifications.replace(current, after)
        except WriteConflict:
            return Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)
        if slot is None:
            return Done(result=SendResult.DEAD, reason=_NO_SLOT)
        return Later(result=SendResult.RATE_LIMITED, after=slot - now)


def _is_in_slot(current: Notification, now: datetime) -> bool:
    return current.slot_at is not None and current.slot_at <= now < current.slot_at + _SLOT_LASTS


def _in_slot(notification: Notification, slot_at: datetime, now: datetime) -> Notification:
    """Return the notification that is sent in its slot, not before."""
    return notification.model_copy(
        update={
            "version": notification.version + 1,
            "next_at": slot_at,
            "slot_at": slot_at,
            "updated_at": now,
        }
    )
