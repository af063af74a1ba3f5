"""How long to wait before the next attempt."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

BASE: Final = timedelta(seconds=5)
SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(hours=12)
PATIENCE: Final = timedelta(minutes=6)
"""So that 72 hours of being told to wait are fewer waits than a queue hands a message out."""

_DOUBLINGS: Final = 20
_SECONDS: Final = re.compile(r"(-?)([0-9]+)(?:\.[0-9]+)?")
_DIGITS: Final = 9


def retry_delay(number: int, retry_after: timedelta | None, random: Random) -> timedelta:
    """Return the wait after attempt `number`, counted from 1: full jitter under a doubling ceiling.

    Never less than the target asked for, but for what is longer than LONGEST.
    """
    ceiling = min(LONGEST, BASE * 2 ** min(max(number - 1, 0), _DOUBLINGS))
    wait = ceiling * random.random()
    if retry_after is not None:
        asked = _clamped(retry_after)
        wait = max(wait, asked) + asked * random.uniform(0, 0.1)
    return _clamped(wait)


def throttled_wait(asked: timedelta, times: int) -> timedelta:
    """Return the wait that the target asks for, and more where it has asked so many times before."""
    return max(asked, min(PATIENCE, BASE * (1 << min(times, _DOUBLINGS)) - BASE))


def read_retry_after(header: str, now: datetime) -> timedelta | None:
    """Return what a `Retry-After` asks for, within SHORTEST and LONGEST; None if it says nothing.

    It may hold seconds or an HTTP date; https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = header.strip()
    if seconds := _SECONDS.fullmatch(text):
        sign, digits = seconds.groups()
        if sign:
            return SHORTEST
        return LONGEST if len(digits) > _DIGITS else _clamped(timedelta(seconds=float(text)))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _clamped(aware - now)


def _clamped(wait: timedelta) -> timedelta:
    return min(max(wait, SHORTEST), LONGEST)
