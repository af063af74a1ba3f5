"""What a worker runs for a task: a command, or a Job in a cluster."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from signalbox.http.schemas.work import ClaimedTask, LeaseRequest
from signalbox.models.change import TaskView


class AttemptOutcome(StrEnum):
    """The outcome of an attempt."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RELEASED = "released"
    CANCELLED = "cancelled"
    LOST = "lost"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """How an attempt ended, and the task that was claimed with its end, if one was."""

    outcome: AttemptOutcome
    next: ClaimedTask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptReport:
    """How something ended: succeeded, failed, or released because it had no chance to run.

    `output` is the result, or what explains the reason.
    """

    outcome: AttemptOutcome
    output: str = ""
    reason: str = ""


class RunningAttempt(Protocol):
    """Something that runs for a task. `survives` means that it runs on without its worker."""

    @property
    def survives(self) -> bool:
        """Return whether it may be left running when the worker stops."""

    @property
    def last_line(self) -> str:
        """Return the progress."""

    def ended(self) -> AttemptReport | None:
        """Return how it ended, None while it runs."""

    def finish(self) -> None:
        """Wait a moment for the rest of its output."""

    def stop(self) -> None:
        """End it if it runs."""

    def discard(self) -> None:
        """Delete what is left of it, once its outcome is reported."""


StartAttempt: TypeAlias = Callable[[TaskView, LeaseRequest, Callable[[str], None]], RunningAttempt]
"""Start what runs for a task under a lease; the last argument is called with each line of output.

Raises CommandError if it cannot be started.
"""
