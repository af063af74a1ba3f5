"""The clock and waiting, as ports: tests replace them."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""The time now, in UTC."""

Sleep = Callable[[float], None]
"""Waits for so many seconds."""

TimeLeft = Callable[[], float]
"""How many seconds are left to whoever asks."""


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)
