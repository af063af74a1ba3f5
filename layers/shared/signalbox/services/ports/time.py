"""Ports of time, which tests replace."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Return the current time in UTC."""

Sleep = Callable[[float], None]
"""Wait for a number of seconds."""

TimeLeft = Callable[[], float]
"""Return how many seconds remain to the caller."""


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
