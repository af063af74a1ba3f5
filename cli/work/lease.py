"""Keeps a lease alive while the work goes on, and says when the work must stop.

A heartbeat goes out at every third of the lease. Where none has got through for two thirds of it,
the work stops: the rest is time to be gone before somebody else may begin.
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
_SHORTEST_PATIENCE: Final = 2.0
_LONGEST_PATIENCE: Final = 10.0
_PROGRESS: Final = 500


class StopReason(StrEnum):
    """Why work must stop."""

    CANCELLED = "the task was cancelled"
    LOST = "the lease is lost"
    UNHEARD = "no heartbeat got through"


class HeartbeatApi(Protocol):
    """Whoever takes heartbeats."""

    def heartbeat(self, task: TaskId, beat: HeartbeatRequest, timeout: float) -> HeartbeatResponse:
        """Return whether to go on.

        Raises:
            Refused: It failed.
            Away: It failed.
        """


def response_timeout(lease_seconds: int) -> float:
    """Return how many seconds an answer may take while a lease of this length runs."""
    return min(max(lease_seconds / 6, _SHORTEST_PATIENCE), _LONGEST_PATIENCE)


@dataclass(slots=True, kw_only=True)
class LeaseRenewer(Background):
    """A context: inside it heartbeats go out.

    `since` is when the lease began.

    `pause` is between two beats, a third of the lease where nothing is said.
    """

    api: HeartbeatApi
    task: TaskId
    lease: LeaseRequest
    seconds: int
    since: float
    progress: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic
    pause: float | None = None
    _told: StopReason | None = field(default=None, init=False)

    @property
    def expires_at(self) -> float:
        """Return until when the lease surely lasts, on the monotonic clock."""
        return self.since + self.seconds

    def must_stop(self) -> StopReason | None:
        """Return why the work must stop now, None while it may go on."""
        if self._told:
            return self._told
        unheard = self.monotonic() - self.since >= self.seconds * 2 / 3
        return StopReason.UNHEARD if unheard else None

    def beat(self) -> None:
        """Send one heartbeat.

        Raises:
            CommandError: If it did not get through.
        """
        started = self.monotonic()
        beat = HeartbeatRequest(
            **self.lease.model_dump(),
            lease_seconds=self.seconds,
            progress=self.progress()[:_PROGRESS] or None,
        )
        try:
            answer = self.api.heartbeat(self.task, beat, response_timeout(self.seconds))
        except ApiError as refused:
            if refused.status in _LOST:
                self._told = StopReason.LOST
            raise
        self.since = started
        if answer.action is HeartbeatAction.CANCEL:
            self._told = StopReason.CANCELLED

    def _run(self) -> None:
        usual = pause = self.pause or self.seconds / 3
        while not self._done.wait(pause) and self._told is None:
            try:
                self.beat()
                pause = usual
            except CommandError:
                pause = usual / 5
