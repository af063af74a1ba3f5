"""A notification: one change owed to one connection, and the rules of its attempts.

`queued → sending → delivered | failed | dead`, back to `queued` after an attempt that may succeed
later. `failed` is the far side's final word, `dead` means that the attempts ran out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import Change
from signalbox.models.errors import Conflict
from signalbox.models.ids import ConnectionId, NotificationId, RequestId, TaskId
from signalbox.models.task import RESEND_AFTER, UNSENT_AFTER

MAX_ATTEMPTS: Final = 12
GIVE_UP_AFTER: Final = timedelta(hours=72)
THROTTLED: Final = "put_off"
_LOG: Final = 30


class NotificationStatus(StrEnum):
    """Where a notification stands."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"

    @property
    def is_final(self) -> bool:
        """Return whether nothing happens to the notification any longer by itself."""
        return self not in {NotificationStatus.QUEUED, NotificationStatus.SENDING}


class Attempt(Model):
    """One try to deliver.

    `outcome` is `delivered`, `delayed`, `put_off` (told to wait), `refused`, `dead` or `unknown`.

    `at` is when it ended, but of one whose end is unknown when it began.
    """

    at: UtcDatetime
    outcome: str
    reason: str | None = None


class Notification(Model):
    """What is owed to a connection.

    `number` counts the tries that count against the limit.

    `busy_until` is set while an attempt is under way: nobody else may try before. `fingerprint` is
    that of the request that asked for it, where that had an Idempotency-Key.
    """

    id: NotificationId
    version: int = 1
    status: NotificationStatus = NotificationStatus.QUEUED
    connection: ConnectionId
    connector: str
    change: Change
    request_id: RequestId | None = None
    fingerprint: str | None = None
    created_at: UtcDatetime
    queued_at: UtcDatetime
    updated_at: UtcDatetime
    sent_at: UtcDatetime | None = None
    next_at: UtcDatetime | None = None
    busy_until: UtcDatetime | None = None
    number: int = 0
    attempts: tuple[Attempt, ...] = ()
    retention: int = 86_400

    @property
    def task_id(self) -> TaskId:
        """Return the task that changed."""
        return self.change.subject

    @property
    def open(self) -> bool:
        """Return whether anything is still to be done."""
        return self.status in {NotificationStatus.QUEUED, NotificationStatus.SENDING}

    @property
    def expires_at(self) -> datetime | None:
        """Return when the notification may be forgotten."""
        if self.open or not self.retention:
            return None
        return self.updated_at + timedelta(seconds=self.retention)

    @property
    def due_at(self) -> datetime | None:
        """Return when maintenance must look at the notification if nothing has happened until then."""
        if not self.open:
            return None
        marks = (self.queued_at, self.next_at, self.busy_until)
        since = max(mark for mark in marks if mark)
        if self.sent_at and self.sent_at >= since:
            return self.sent_at + RESEND_AFTER
        return since + UNSENT_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRef:
    """A notification in a list, before it is read; `position` is where it stands there."""

    task: TaskId
    notification: NotificationId
    connection: ConnectionId
    position: str


def begun(notification: Notification, now: datetime, busy_until: datetime) -> Notification:
    """Return the notification with an attempt under way.

    One that was never ended counts as unknown.

    Raises:
        Conflict: If nothing is owed any more or another attempt is under way.
    """
    if not notification.open:
        raise Conflict(f"the notification is {notification.status}")
    if notification.busy_until and notification.busy_until > now:
        raise Conflict("another attempt is under way")
    known = notification
    if notification.status is NotificationStatus.SENDING:
        begin = notification.updated_at
        known = _logged(notification, begin, "unknown", "the attempt ended without a word")
    return known.model_copy(
        update={
            "version": notification.version + 1,
            "status": NotificationStatus.SENDING,
            "busy_until": busy_until,
            "updated_at": now,
            "number": notification.number + 1,
        }
    )


def delivered(notification: Notification, now: datetime) -> Notification:
    """Return the target has it."""
    return _ended(notification, NotificationStatus.DELIVERED, now, "delivered", None)


def refused(notification: Notification, reason: str, now: datetime) -> Notification:
    """Return the target will never take it."""
    return _ended(notification, NotificationStatus.FAILED, now, "refused", reason)


def exhausted(notification: Notification, reason: str, now: datetime) -> Notification:
    """Return no attempts are left."""
    return _ended(notification, NotificationStatus.DEAD, now, "dead", reason)


def delayed(
    notification: Notification, reason: str, next_at: datetime, now: datetime, *, counts: bool
) -> Notification:
    """Return the target may take it at `next_at`; being told to wait does not count as a try.

    Dead where the tries or the time are used up.
    """
    number = notification.number if counts else notification.number - 1
    if number >= MAX_ATTEMPTS or next_at - notification.queued_at > GIVE_UP_AFTER:
        return exhausted(notification, reason, now)
    return _logged(notification, now, "delayed" if counts else THROTTLED, reason).model_copy(
        update={
            "version": notification.version + 1,
            "status": NotificationStatus.QUEUED,
            "busy_until": None,
            "next_at": next_at,
            "updated_at": now,
            "number": number,
        }
    )


def redelivered(notification: Notification, now: datetime) -> Notification:
    """Return the notification owed once more, with new attempts.

    Raises:
        Conflict: While it is open.
    """
    if notification.open:
        raise Conflict(f"the notification is {notification.status}")
    return notification.model_copy(
        update={
            "version": notification.version + 1,
            "status": NotificationStatus.QUEUED,
            "queued_at": now,
            "updated_at": now,
            "sent_at": None,
            "next_at": None,
            "number": 0,
        }
    )


def sent(notification: Notification, now: datetime) -> Notification:
    """Return the notification with a message in its connector's queue."""
    return notification.model_copy(update={"sent_at": now})


def _ended(
    notification: Notification,
    status: NotificationStatus,
    now: datetime,
    outcome: str,
    reason: str | None,
) -> Notification:
    return _logged(notification, now, outcome, reason).model_copy(
        update={
            "version": notification.version + 1,
            "status": status,
            "busy_until": None,
            "next_at": None,
            "updated_at": now,
        }
    )


def _logged(
    notification: Notification, at: datetime, outcome: str, reason: str | None
) -> Notification:
    attempt = Attempt(at=at, outcome=outcome, reason=reason)
    log = (*notification.attempts, attempt)[-_LOG:]
    return notification.model_copy(update={"attempts": log})
