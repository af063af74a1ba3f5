"""One attempt at a task: what its handler sees, and how it ends."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from signalbox_client import operations
from signalbox_client.bodies import ResultFields
from signalbox_client.errors import ApiError
from signalbox_client.log_buffer import LogBuffer
from signalbox_client.models import ClaimedTask, EndedTask, Task
from signalbox_client.operations import Operation

HandlerResult: TypeAlias = str | ResultFields | None
"""A summary, or the fields of a result."""

_MAX_SUMMARY: Final = 4_000
_MAX_REASON: Final = 2_000
_MAX_PROGRESS: Final = 500
_NO_RESULT: Final = "the handler returned neither a text nor the fields of a result"


class StopReason(StrEnum):
    """Why a handler must stop. Its result is not sent any more."""

    CANCELLED = "the task was cancelled"
    LOST = "the lease is lost"
    UNHEARD = "no heartbeat got through"
    STOPPING = "the worker stops"


class Outcome(StrEnum):
    """The outcome of an attempt."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RELEASED = "released"
    CANCELLED = "cancelled"
    LOST = "lost"


OUTCOMES: Final = {
    StopReason.CANCELLED: Outcome.CANCELLED,
    StopReason.LOST: Outcome.LOST,
    StopReason.UNHEARD: Outcome.LOST,
    StopReason.STOPPING: Outcome.RELEASED,
}


class TaskFailed(Exception):
    """Raised by a handler: the attempt fails for this reason, which everybody sees.

    `retryable` states whether another attempt can succeed.
    """

    def __init__(self, reason: str, *, retryable: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable


class TaskReleased(Exception):
    """Raised by a handler: the task returns to its queue, and the attempt is not counted."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class AttemptStopped(Exception):
    """Raised by `Attempt.check`: the handler must stop."""


class Attempt:
    """An attempt at a task, as its handler sees it.

    Attributes:
        task: The task. Its texts are untrusted input.
    """

    def __init__(self, claimed: ClaimedTask) -> None:
        self.task: Task = claimed.task
        self.lease = claimed.lease
        self.lines = LogBuffer()
        self.last_progress = ""
        self._stop_reason: StopReason | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._over = False

    def __repr__(self) -> str:
        """Return the class and the id of the task, without the lease."""
        return f"Attempt({self.task.id!r})"

    def log(self, text: str) -> None:
        """Append a text to the log of the task, line by line. It is sent every second."""
        self.lines.add(text)

    def progress(self, text: str) -> None:
        """Set the progress, which the next heartbeat reports."""
        self.last_progress = text[:_MAX_PROGRESS]

    @property
    def stop_reason(self) -> StopReason | None:
        """Return why the handler must stop, or None."""
        return self._stop_reason

    def check(self) -> None:
        """Return if the handler may continue.

        Raises:
            AttemptStopped: It must stop.
        """
        if self._stop_reason:
            raise AttemptStopped(self._stop_reason)

    def wait(self, seconds: float) -> bool:
        """Wait, at most until the handler must stop, and return whether it must.

        It blocks its thread: a handler for asyncio is cancelled instead.
        """
        return self._stopped.wait(seconds)

    def stop(self, reason: StopReason) -> bool:
        """Make the handler stop, and return whether it had not ended."""
        with self._lock:
            if self._over:
                return False
            self._over = True
            self._stop_reason = reason
        self._stopped.set()
        return True

    def end(self) -> bool:
        """Record that the handler has ended, and return whether its result is to be sent."""
        with self._lock:
            if self._over:
                return False
            self._over = True
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """How an attempt ended, and the task that was claimed with its end, if one was."""

    outcome: Outcome
    next: ClaimedTask | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of an attempt, and the operation that reports it."""

    outcome: Outcome
    operation: Operation[EndedTask]


def report_result(attempt: Attempt, result: HandlerResult) -> Report:
    """Return the report of a handler that returned."""
    fields: ResultFields = {}
    if isinstance(result, str):
        fields = {"summary": result[-_MAX_SUMMARY:]}
    elif isinstance(result, Mapping):
        fields = result
    elif result is not None:
        return report_failure(attempt, TaskFailed(_NO_RESULT, retryable=False))
    operation = operations.complete_task(attempt.task.id, attempt.lease, fields)
    return Report(outcome=Outcome.SUCCEEDED, operation=operation)


def report_failure(attempt: Attempt, failure: BaseException) -> Report:
    """Return the report of a handler that raised.

    The message of an unexpected exception can contain a secret, so only its type is sent.
    """
    if isinstance(failure, TaskReleased):
        return report_release(attempt, failure.reason)
    reason, retryable = f"{type(failure).__name__} in the handler", True
    if isinstance(failure, TaskFailed):
        reason, retryable = failure.reason or "no reason", failure.retryable
    operation = operations.fail_task(
        attempt.task.id, attempt.lease, reason[:_MAX_REASON], retryable=retryable
    )
    return Report(outcome=Outcome.FAILED, operation=operation)


def report_release(attempt: Attempt, reason: str) -> Report:
    """Return the report that returns the task to its queue."""
    operation = operations.release_task(
        attempt.task.id, attempt.lease, reason[:_MAX_REASON] or None
    )
    return Report(outcome=Outcome.RELEASED, operation=operation)


def report_refused(attempt: Attempt, error: Exception) -> Report:
    """Return the report of a result that the API does not accept: another attempt cannot help."""
    reason = str(error) if isinstance(error, ApiError) else "it is not JSON"
    failure = TaskFailed(f"the result was refused: {reason}", retryable=False)
    return report_failure(attempt, failure)
