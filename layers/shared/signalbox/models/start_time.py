"""The time before which a task does not start."""

from datetime import datetime

from signalbox.models.errors import InvalidRequest
from signalbox.models.task import MAX_START_DELAY


class StartTooLate(InvalidRequest):
    """A task may start only after more than a year."""

    status = 422
    code = "start_too_late"


def start_time(not_before: datetime | None, now: datetime) -> datetime | None:
    """Return the time before which a task does not start, None if it may start now.

    Raises:
        StartTooLate: It is more than a year from now.
    """
    if not_before is None or not_before <= now:
        return None
    if not_before - now > MAX_START_DELAY:
        raise StartTooLate("not_before is more than a year from now")
    return not_before
