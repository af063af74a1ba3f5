"""What an answer means, when one may be missing, which secret is tried: shared by connectors."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.notification import THROTTLED, Notification

DEFAULT_RETRY_WAIT: Final = timedelta(minutes=1)
"""How long to wait where the far side says "too many" but not for how long."""

_AROUND: Final = timedelta(minutes=2)
"""How far from the time of its attempt a message may be: how long one lasts, and clocks differ."""

_PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_UNKNOWN_TO_THEM: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class SecretRefused(SendRefused):
    """The target does not accept this secret; it may accept another one."""


def send_error(
    status: int, reason: str, retry_after: timedelta | None
) -> SendRefused | SendDelayed:
    """Return the verdict on an answer that is not the success its connector looks for."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SendDelayed(reason, retry_after or DEFAULT_RETRY_WAIT)
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendDelayed(reason, retry_after)
    if status in _UNKNOWN_TO_THEM:
        return SecretRefused(reason)
    return SendRefused(reason)


def possible_send_window(notification: Notification) -> tuple[datetime, datetime] | None:
    """Return between which times the latest attempts may have got through, since it is owed.

    Those before were looked for by them. Who was told to wait has got nothing through.
    """
    span: tuple[datetime, datetime] | None = None
    for attempt in notification.attempts:
        if attempt.at >= notification.queued_at and attempt.outcome != THROTTLED:
            begin, end = attempt.at - _AROUND, attempt.at + _AROUND
            span = (span[0] if span and begin <= span[1] else begin, end)
    return span


def try_secrets(secrets: Sequence[str], attempt: Callable[[str], None]) -> None:
    """Create the attempt with the current secret, and with an older one if that is not accepted.

    Where none is, the refusal of the current one is raised.
    """
    refusals: list[SecretRefused] = []
    for secret in secrets:
        try:
            return attempt(secret)
        except SecretRefused as refusal:
            refusals.append(refusal)
    raise refusals[0] if refusals else SendRefused("the connection has no secret")
