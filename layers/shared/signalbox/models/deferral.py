"""The life of a deferral: pure transitions between its records.

Each attempt is recorded before it begins, so that one that ends its process is counted too, and
nothing is due while an attempt may be running.
"""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.delivery import Deferral, Delivery, FollowUp, FollowUpStatus

MAX_INTERPRET_ATTEMPTS: Final = 5
MAX_FOLLOW_UP_ATTEMPTS: Final = 3
ATTEMPT_LEASE: Final = timedelta(minutes=2)
"""Longer than an attempt can take: the timeout of the function is shorter."""

_CLOCK_MARGIN: Final = timedelta(seconds=1)
_BACKOFF: Final = timedelta(seconds=30)
_FOLLOW_UP_BACKOFF: Final = timedelta(seconds=20)


def outcome_pending(outcome: str, now: datetime) -> Deferral:
    """Return the deferral of a delivery of which only the outcome is left to send."""
    return Deferral(
        reason="the provider takes the outcome after its answer",
        due_at=now,
        awaited=True,
        interpreted_at=now,
        follow_up=FollowUp(text=outcome, at=now),
    )


def is_due(deferral: Deferral, now: datetime) -> bool:
    """Return whether the next step may be done; clocks may differ by a second."""
    return deferral.due_at is not None and deferral.due_at <= now + _CLOCK_MARGIN


def attempt_started(deferral: Deferral, now: datetime) -> Deferral:
    """Return the deferral when an attempt to interpret the delivery begins."""
    return deferral.model_copy(
        update={"attempts": deferral.attempts + 1, "due_at": now + ATTEMPT_LEASE}
    )


def attempt_postponed(deferral: Deferral, now: datetime, error: str, *, counts: bool) -> Deferral:
    """Return the deferral after an attempt that could not be completed now.

    One that does not count, since our own stores did not answer, is repeated without limit.
    """
    wait = _BACKOFF * 2 ** (min(deferral.attempts, MAX_INTERPRET_ATTEMPTS) - 1)
    attempts = deferral.attempts if counts else deferral.attempts - 1
    return deferral.model_copy(update={"attempts": attempts, "due_at": now + wait, "error": error})


def attempt_completed(deferral: Deferral, now: datetime, outcome: str) -> Deferral:
    """Return the deferral after the interpretation of the delivery.

    If a person waits for the outcome, the first attempt to send it begins with that.
    """
    completed = deferral.model_copy(
        update={"interpreted_at": now, "due_at": None, "error": None, "follow_up": None}
    )
    if not deferral.awaited:
        return completed
    return follow_up_started(completed, FollowUp(text=outcome, at=now), now)


def follow_up_started(deferral: Deferral, follow_up: FollowUp, now: datetime) -> Deferral:
    """Return the deferral when an attempt to send the outcome begins."""
    sending = follow_up.model_copy(update={"attempts": follow_up.attempts + 1, "at": now})
    return deferral.model_copy(update={"due_at": now + ATTEMPT_LEASE, "follow_up": sending})


def follow_up_ended(
    deferral: Deferral, follow_up: FollowUp, now: datetime, error: str | None = None
) -> Deferral:
    """Return the deferral after the outcome was sent, or will never be because of an error."""
    status = FollowUpStatus.FAILED if error else FollowUpStatus.SENT
    ended = follow_up.model_copy(update={"status": status, "at": now, "error": error})
    return deferral.model_copy(update={"due_at": None, "follow_up": ended})


def follow_up_postponed(
    deferral: Deferral, follow_up: FollowUp, now: datetime, error: str
) -> Deferral:
    """Return the deferral after an attempt to send the outcome that may succeed later."""
    if follow_up.attempts >= MAX_FOLLOW_UP_ATTEMPTS:
        return follow_up_ended(deferral, follow_up, now, error)
    failed = follow_up.model_copy(update={"at": now, "error": error})
    wait = _FOLLOW_UP_BACKOFF * 2 ** (follow_up.attempts - 1)
    return deferral.model_copy(update={"due_at": now + wait, "follow_up": failed})


def with_deferral(delivery: Delivery, deferral: Deferral) -> Delivery:
    """Return the next record of a delivery, which differs by its deferral."""
    return delivery.model_copy(update={"version": delivery.version + 1, "deferral": deferral})
