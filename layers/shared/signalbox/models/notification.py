"""A notification: one change for one connection, and the rules of its attempts.

`queued → sending → delivered | failed | dead`, back to `queued` after an attempt that may succeed
later. `failed` is a final refusal of the target, `dead` means that the attempts ran out. A `queued`
one may be held: no attempt is made until it is released.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import Change
from signalbox.models.delivery_policy import DEFAULT_RETRY, RetryPolicy
from signalbox.models.digest import DigestPart
from signalbox.models.errors import Conflict
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, NotificationId, RequestId, TaskId
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import RESEND_AFTER, UNSENT_AFTER

THROTTLED: Final = "throttled"
_MAX_ATTEMPTS_STORED: Final = 30
_SOON: Final = timedelta(minutes=1)


class SendResult(StrEnum):
    """What happened to one queue message of a notification, for logs and metrics."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"
    HELD = "held"
    """The connection is disabled; maintenance releases the notification when it is enabled."""

    DELAYED = "delayed"
    """The attempt failed or was throttled; another follows."""

    NOT_DUE = "not_due"
    RATE_LIMITED = "rate_limited"
    """The connection has a rate limit, and the notification waits for its slot."""

    IN_ORDER = "in_order"
    """The connection keeps the order, and the notification waits for an earlier one."""

    CIRCUIT_OPEN = "circuit_open"
    ATTEMPT_IN_PROGRESS = "attempt_in_progress"
    SUPERSEDED = "superseded"
    """Another attempt began before the outcome of this one was recorded."""

    FINISHED = "finished"
    """The notification had finished before."""

    EXPIRED = "expired"


class Attempt(Model):
    """An attempt to send.

    `outcome` is `delivered`, `delayed`, `throttled`, `refused`, `dead`, `held` or `unknown`. `at`
    is when it ended, or when it began if its end is unknown.
    """

    at: UtcDatetime
    outcome: str
    reason: str | None = None


class Hold(Model):
    """Why and since when a notification is held, and until when if that is known."""

    reason: str
    since: UtcDatetime
    until: UtcDatetime | None = None


class Notification(Model):
    """One change for one connection.

    `text` is the message that a template of a subscription makes of the change.

    `number` counts the attempts that count against the limit.

    `position` is that in the sequence of its connection, if the connection keeps one. `slot_at` is
    the slot that it got under the rate limit of its connection, for one attempt.

    `busy_until` is set during an attempt: no other may begin before. `hold` is set while no attempt
    may be made, `released_at` is when that ended. `fingerprint` is that of the request with an
    Idempotency-Key that created the notification.
    """

    id: NotificationId
    version: int = 1
    status: NotificationStatus = NotificationStatus.QUEUED
    connection: ConnectionId
    connector: str
    change: Change
    text: str | None = None
    request_id: RequestId | None = None
    fingerprint: str | None = None
    created_at: UtcDatetime
    queued_at: UtcDatetime
    updated_at: UtcDatetime
    sent_at: UtcDatetime | None = None
    next_at: UtcDatetime | None = None
    slot_at: UtcDatetime | None = None
    position: int | None = None
    busy_until: UtcDatetime | None = None
    hold: Hold | None = None
    digest: DigestPart | None = None
    released_at: UtcDatetime | None = None
    number: int = 0
    attempts: tuple[Attempt, ...] = ()
    retention: int = 86_400

    @property
    def task_id(self) -> TaskId:
        """Return the id of the task that changed."""
        return self.change.subject

    @property
    def is_digest(self) -> bool:
        """Return whether the message has the changes of other notifications too."""
        return bool(self.digest and self.digest.members)

    @property
    def open(self) -> bool:
        """Return whether it is not finished."""
        return self.status in {NotificationStatus.QUEUED, NotificationStatus.SENDING}

    @property
    def expires_at(self) -> datetime | None:
        """Return when the notification expires."""
        if self.open or not self.retention:
            return None
        return self.updated_at + timedelta(seconds=self.retention)

    @property
    def retried_from(self) -> datetime:
        """Return when the time began that its attempts have."""
        return max(self.queued_at, self.released_at or self.queued_at)

    @property
    def due_at(self) -> datetime | None:
        """Return when maintenance must look at the notification, None if it is held for now."""
        if not self.open:
            return None
        if self.hold:
            return self.hold.until
        marks = (self.retried_from, self.next_at, self.busy_until)
        since = max(mark for mark in marks if mark)
        if self.sent_at and self.sent_at >= since:
            return self.sent_at + RESEND_AFTER
        return since + UNSENT_AFTER

    @property
    def indexed_due_at(self) -> datetime | None:
        """Return the time under which the index of due items has it, never after `due_at`.

        A first attempt that begins soon stays where the notification was queued, as to move an
        entry costs two writes. If it lasts, maintenance meets it too early a few times.
        """
        due_at, queued_due = self.due_at, self.retried_from + UNSENT_AFTER
        moved = self.sent_at or self.next_at or self.attempts or self.hold
        if due_at is None or self.status is not NotificationStatus.SENDING or moved:
            return due_at
        return queued_due if self.updated_at < queued_due - _SOON < due_at else due_at


@frozen
class NotificationRef:
    """A notification in a list, before it is read; `position` is its position there."""

    task: TaskId
    notification: NotificationId
    connection: ConnectionId
    position: str


def begun(notification: Notification, now: datetime, busy_until: datetime) -> Notification:
    """Return the notification with an attempt under way.

    An earlier one without an end counts as unknown.

    Raises:
        Conflict: The notification is finished, or another attempt is under way.
    """
    if not notification.open:
        raise Conflict(f"the notification is {notification.status}")
    if notification.busy_until and notification.busy_until > now:
        raise Conflict("another attempt is under way")
    return with_unknown_end(notification).model_copy(
        update={
            "version": notification.version + 1,
            "status": NotificationStatus.SENDING,
            "busy_until": busy_until,
            "slot_at": None,
            "hold": None,
            "updated_at": now,
            "number": notification.number + 1,
        }
    )


def delivered(notification: Notification, now: datetime, reason: str | None = None) -> Notification:
    """Return the delivered notification; `reason` is by what, if not by a message of its own."""
    return _ended(notification, NotificationStatus.DELIVERED, now, "delivered", reason)


def refused(notification: Notification, reason: str, now: datetime) -> Notification:
    """Return the notification that the target will never accept."""
    return _ended(notification, NotificationStatus.FAILED, now, "refused", reason)


def exhausted(notification: Notification, reason: str, now: datetime) -> Notification:
    """Return the notification with no attempts left."""
    return _ended(notification, NotificationStatus.DEAD, now, "dead", reason)


def delayed(
    notification: Notification,
    reason: str,
    next_at: datetime,
    now: datetime,
    *,
    counts: bool,
    retry: RetryPolicy = DEFAULT_RETRY,
) -> Notification:
    """Return the notification to be sent again at `next_at`.

    Being throttled is not counted as an attempt.

    It is dead if the attempts or the time are used up.
    """
    number = notification.number if counts else notification.number - 1
    if number >= retry.attempts or next_at - notification.retried_from > retry.give_up_after:
        return exhausted(notification, reason, now)
    return logged(notification, now, "delayed" if counts else THROTTLED, reason).model_copy(
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
    """Return the notification queued again, with new attempts.

    Raises:
        Conflict: It is not finished.
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
            "released_at": None,
            "position": None,
            "number": 0,
        }
    )


def sent(notification: Notification, now: datetime) -> Notification:
    """Return the notification with a message in the queue of its connector."""
    return notification.model_copy(update={"sent_at": now})


def _ended(
    notification: Notification,
    status: NotificationStatus,
    now: datetime,
    outcome: str,
    reason: str | None,
) -> Notification:
    return logged(notification, now, outcome, reason).model_copy(
        update={
            "version": notification.version + 1,
            "status": status,
            "busy_until": None,
            "next_at": None,
            "hold": None,
            "updated_at": now,
        }
    )


def with_unknown_end(notification: Notification) -> Notification:
    """Return the notification with an attempt without an end logged as unknown."""
    if notification.status is not NotificationStatus.SENDING:
        return notification
    begin = notification.updated_at
    return logged(notification, begin, "unknown", "the attempt ended without an outcome")


def logged(
    notification: Notification, at: datetime, outcome: str, reason: str | None
) -> Notification:
    """Return the notification with one more attempt, of the last ones that are stored."""
    attempt = Attempt(at=at, outcome=outcome, reason=reason)
    log = (*notification.attempts, attempt)[-_MAX_ATTEMPTS_STORED:]
    return notification.model_copy(update={"attempts": log})
