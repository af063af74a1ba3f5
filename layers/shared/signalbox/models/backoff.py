"""How long to wait before the next attempt."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final

BASE: Final = timedelta(seconds=5)
SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(hours=12)
PATIENCE: Final = timedelta(minutes=6)
"""The longest forced wait: in 72 hours a message must be received less often than its queue allows.
"""

_DOUBLINGS: Final = 20
_SECONDS: Final = re.compile(r"(-?)([0-9]+)(?:\.[0-9]+)?")
_DIGITS: Final = 9


def retry_delay(
    number: int, retry_after: timedelta | None, random: Random, waits: Sequence[int] = ()
) -> timedelta:
    """Return the wait after attempt `number`, counted from 1: full jitter under a doubling ceiling.

    Or the wait of that number in `waits`, in seconds, a tenth more or less.

    It is at least what the target asked for, unless that is longer than LONGEST. See
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    if waits:
        index = min(max(number - 1, 0), len(waits) - 1)
        wait = timedelta(seconds=waits[index]) * random.uniform(0.9, 1.1)
    else:
        ceiling = min(LONGEST, BASE * 2 ** min(max(number - 1, 0), _DOUBLINGS))
        wait = ceiling * random.random()
    if retry_after is not None:
        asked = _clamped(retry_after)
        wait = max(wait, asked) + asked * random.uniform(0, 0.1)
    return _clamped(wait)


def throttled_wait(asked: timedelta, times: int) -> timedelta:
    """Return the wait that the target asks for, or a longer one after many such requests."""
    return max(asked, min(PATIENCE, BASE * (1 << min(times, _DOUBLINGS)) - BASE))


def read_retry_after(header: str, now: datetime) -> timedelta | None:
    """Return the wait in a `Retry-After` header, between SHORTEST and LONGEST, or None.

    It contains seconds or an HTTP date; see
    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after.
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
