"""Extend a lease while a command runs, and decide when it must stop.

A heartbeat is sent after each third of the lease. If none has succeeded for two thirds, the command
must stop: the rest of the lease is the time to end it before another worker may begin.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Protocol

from cli.api_client import ApiError
from cli.errors import CommandError
from cli.work.background import Background
from signalbox.http.schemas.work import HeartbeatRequest, HeartbeatResponse, LeaseRequest
from signalbox.models.ids import TaskId
from signalbox.services.tasks.leases import HeartbeatAction

_LOST: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
_MIN_TIMEOUT: Final = 2.0
_MAX_TIMEOUT: Final = 10.0
_MAX_PROGRESS: Final = 500


class StopReason(StrEnum):
    """Why the command must stop."""

    CANCELLED = "the task was cancelled"
    LOST = "the lease is lost"
    UNHEARD = "no heartbeat got through"


class HeartbeatApi(Protocol):
    """Sends heartbeats."""

    def heartbeat(self, task: TaskId, beat: HeartbeatRequest, timeout: float) -> HeartbeatResponse:
        """Return whether to continue.

        Raises:
            ApiError: The API refused the heartbeat.
            ApiUnavailable: The API did not answer.
        """


def response_timeout(lease_seconds: int) -> float:
    """Return how many seconds a response may take with a lease of this length."""
    return min(max(lease_seconds / 6, _MIN_TIMEOUT), _MAX_TIMEOUT)


@dataclass(slots=True, kw_only=True)
class LeaseRenewer(Background):
    """A context manager: inside it heartbeats are sent. `since` is the start of the lease.

    `pause` is the time between two heartbeats, by default a third of the lease.
    """

    api: HeartbeatApi
    task: TaskId
    lease: LeaseRequest
    seconds: int
    since: float
    progress: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic
    pause: float | None = None
    _stop_reason: StopReason | None = field(default=None, init=False)

    @property
    def expires_at(self) -> float:
        """Return until when the lease is certainly valid, on the monotonic clock."""
        return self.since + self.seconds

    def must_stop(self) -> StopReason | None:
        """Return why the command must stop now, or None."""
        if self._stop_reason:
            return self._stop_reason
        unheard = self.monotonic() - self.since >= self.seconds * 2 / 3
        return StopReason.UNHEARD if unheard else None

    def beat(self) -> None:
        """Send one heartbeat.

        Raises:
            CommandError: It failed.
        """
        started = self.monotonic()
        beat = HeartbeatRequest(
            **self.lease.model_dump(),
            lease_seconds=self.seconds,
            progress=self.progress()[:_MAX_PROGRESS] or None,
        )
        try:
            answer = self.api.heartbeat(self.task, beat, response_timeout(self.seconds))
        except ApiError as refused:
            if refused.status in _LOST:
                self._stop_reason = StopReason.LOST
            raise
        self.since = started
        if answer.action is HeartbeatAction.CANCEL:
            self._stop_reason = StopReason.CANCELLED

    def _run(self) -> None:
        usual = pause = self.pause or self.seconds / 3
        while not self._done.wait(pause) and self._stop_reason is None:
            try:
                self.beat()
                pause = usual
            except CommandError:
                pause = usual / 5
