"""Logs of tasks."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRoom:
    """How many lines of a batch are new, and how much more the log accepts.

    When no lines or no bytes are left, further lines are dropped.
    """

    stored: int
    lines_left: int
    bytes_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line as clients see it: `seq` is its position in the log, from 1 without gaps.

    `at` is when it was received, `attempt` the attempt that printed it; `masked` marks that
    something in it looked like a secret and is stored as `[masked]`.
    """

    seq: int
    at: datetime
    attempt: int
    text: str
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Lines in their order.

    `next` is the start of the next page, None if there are no more lines yet.

    When `finished` is true, the task has finished and no lines will follow.
    """

    items: tuple[LogLine, ...]
    next: int | None
    finished: bool
