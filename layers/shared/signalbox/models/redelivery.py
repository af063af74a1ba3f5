"""Missed deliveries of a source: which await another attempt, and how far its log was read.

A missed delivery is requested again at once and then with growing waits, a refused one (4xx) more
rarely, since it fails until the configuration changes. A later success of the source is a sign that
the cause is gone, and makes its missed deliveries due. After the last request it is unhealable.
"""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.base import Model, UtcDatetime

MAX_OPEN_DELIVERIES: Final = 1_000
"""How many missed deliveries of a source are open before its log is not read any further."""

_WAITS: Final = (
    timedelta(),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=16),
    timedelta(hours=40),
)
_WAITS_REFUSED: Final = (timedelta(hours=1), timedelta(hours=12), timedelta(hours=48))
_MIN_WAIT: Final = timedelta(minutes=10)
_LAST_WAIT: Final = timedelta(minutes=30)
_STALE_AFTER: Final = timedelta(hours=1)
_CLIENT_ERRORS: Final = range(400, 500)
_TEMPORARY: Final = frozenset({408, 421, 425, 429})


class MissedDelivery(Model):
    """A delivery that failed, and that no other attempt has brought.

    Attributes:
        key: The provider's id of the delivery, the same in every attempt.
        attempt: The number of its latest attempt in the provider's log.
        status: The status that this attempt was answered with, or None without an answer.
        at: The time of its first attempt, or when it was first seen.
        requests: How often it was requested.
        requested_at: When it was last requested.
        due_at: When it is requested next, or closed if no request is left.
    """

    key: str
    attempt: int
    status: int | None
    at: UtcDatetime
    requests: int = 0
    requested_at: UtcDatetime | None = None
    due_at: UtcDatetime

    @property
    def exhausted(self) -> bool:
        """Return whether no request is left."""
        return self.requests >= len(_waits(self.status))


class LogPosition(Model):
    """A look at a log that has not reached its end.

    Attributes:
        started_at: When it began.
        newest: The number of the newest attempt that it has seen.
        cursor: Where it goes on; None is the beginning of the log.
    """

    started_at: UtcDatetime
    newest: int = 0
    cursor: str | None = None


class RedeliveryState(Model):
    """What is known of the log of a source. `version` counts the writes.

    Attributes:
        created_at: When its log was first looked at.
        looked_at: When the last complete look began.
        newest: The number of the newest attempt in it.
        look: The look that goes on.
        blocked_until: Until when the provider's API must not be called.
        deliveries: The missed deliveries that are open.
        missed: How many deliveries were missed.
        requested: How many requests were made.
        healed: How many missed deliveries arrived.
        unhealable: How many were given up.
    """

    version: int = 0
    created_at: UtcDatetime
    looked_at: UtcDatetime | None = None
    newest: int = 0
    look: LogPosition | None = None
    blocked_until: UtcDatetime | None = None
    deliveries: tuple[MissedDelivery, ...] = ()
    missed: int = 0
    requested: int = 0
    healed: int = 0
    unhealable: int = 0

    def is_stale(self, now: datetime) -> bool:
        """Return whether no look was complete within the last hour."""
        return now - (self.looked_at or self.created_at) > _STALE_AFTER


def missed_delivery(key: str, attempt: int, status: int | None, at: datetime) -> MissedDelivery:
    """Return a delivery whose first attempt, at this time, has failed."""
    return MissedDelivery(
        key=key, attempt=attempt, status=status, at=at, due_at=at + _waits(status)[0]
    )


def failed_again(delivery: MissedDelivery, attempt: int, status: int | None) -> MissedDelivery:
    """Return the delivery after another failed attempt; an older one changes nothing."""
    if attempt <= delivery.attempt:
        return delivery
    return delivery.model_copy(update={"attempt": attempt, "status": status})


def requested_again(delivery: MissedDelivery, now: datetime) -> MissedDelivery:
    """Return the delivery after a request."""
    waits, requests = _waits(delivery.status), delivery.requests + 1
    wait = waits[requests] if requests < len(waits) else _LAST_WAIT
    return delivery.model_copy(
        update={"requests": requests, "requested_at": now, "due_at": now + wait}
    )


def due_after_success(delivery: MissedDelivery, success: int) -> MissedDelivery:
    """Return the delivery due soon, if the successful attempt of another one is later than its own.

    Two requests are ten minutes apart, so that the log shows the outcome of the first.
    """
    if success <= delivery.attempt or delivery.exhausted:
        return delivery
    earliest = (delivery.requested_at + _MIN_WAIT) if delivery.requested_at else delivery.at
    return delivery.model_copy(update={"due_at": min(delivery.due_at, earliest)})


def _waits(status: int | None) -> tuple[timedelta, ...]:
    """Return the waits before each request of a delivery that failed with this status."""
    refused = status in _CLIENT_ERRORS and status not in _TEMPORARY
    return _WAITS_REFUSED if refused else _WAITS
