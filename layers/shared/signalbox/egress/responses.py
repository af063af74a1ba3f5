"""What a response means, when one may be missing, and which secret is tried."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from signalbox.models.backoff import LONGEST, SHORTEST
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.notification import THROTTLED, Notification

DEFAULT_RETRY_WAIT: Final = timedelta(minutes=1)
"""How long to wait after a 429 without Retry-After."""

_SEARCH_MARGIN: Final = timedelta(minutes=2)
"""How far a message may be from the time of its attempt.

Its duration, and the difference of clocks.
"""

_TEMPORARY_STATUSES: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_SECRET_REFUSED_STATUSES: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class SecretRefused(SendRefused):
    """The target does not accept this secret, but may accept another one."""


def send_error(
    status: int, reason: str, retry_after: timedelta | None
) -> SendRefused | SendDelayed:
    """Return the error for a response that is not the expected success."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SendDelayed(reason, retry_after or DEFAULT_RETRY_WAIT)
    if status in _TEMPORARY_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendDelayed(reason, retry_after)
    if status in _SECRET_REFUSED_STATUSES:
        return SecretRefused(reason)
    return SendRefused(reason)


def wait_until_epoch(header: str, now: datetime) -> timedelta | None:
    """Return the wait until a time in seconds since 1970, between SHORTEST and LONGEST, or None."""
    try:
        moment = datetime.fromtimestamp(int(header), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(moment - now, SHORTEST), LONGEST)


def possible_send_window(notification: Notification) -> tuple[datetime, datetime] | None:
    """Return the times between which the latest attempts may have succeeded, or None.

    Attempts before have looked for their predecessors themselves, and throttled ones sent nothing.
    """
    span: tuple[datetime, datetime] | None = None
    for attempt in notification.attempts:
        if attempt.at >= notification.queued_at and attempt.outcome != THROTTLED:
            begin, end = attempt.at - _SEARCH_MARGIN, attempt.at + _SEARCH_MARGIN
            span = (span[0] if span and begin <= span[1] else begin, end)
    return span


def try_secrets(secrets: Sequence[str], attempt: Callable[[str], None]) -> None:
    """Make the attempt with the current secret, and with an older one if it is not accepted.

    If none is accepted, the error of the current one is raised.
    """
    refusals: list[SecretRefused] = []
    for secret in secrets:
        try:
            return attempt(secret)
        except SecretRefused as refusal:
            refusals.append(refusal)
    raise refusals[0] if refusals else SendRefused("the connection has no secret")
