"""A worker: claim a task, run something for it, report the outcome, repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cli.api_client import ApiUnavailable
from cli.work.attempt import AttemptRunner
from cli.work.running import AttemptOutcome, StartAttempt
from signalbox.http.schemas.work import ClaimedTask, ClaimRequest, LeaseRequest
from signalbox.models.change import TaskView

_FIRST_PAUSE: Final = 1.0
_MAX_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker with one task at a time, until `stopping` of its runner is set."""

    runner: AttemptRunner
    start: StartAttempt
    wait_seconds: int

    def run(self) -> None:
        """Work until `stopping` is set.

        Raises:
            ApiError: The API refused this worker.
        """
        self.runner.print(None, "ready", f"waits for tasks at {self.runner.api.base_url}")
        repeat_through_outages(self._work, self.runner)
        self.runner.print(None, "stopped", "gave back what it held")

    def once(self) -> AttemptOutcome | None:
        """Claim and run one task, and return its outcome; None if there was no task.

        Raises:
            ApiError: The API refused the request.
            ApiUnavailable: The API did not answer.
        """
        claimed = claim_next(self.runner, self.wait_seconds)
        return self.runner.run(*claimed, self.start).outcome if claimed else None

    def _work(self) -> None:
        """Claim and run a task, and then those that are claimed with the end of another."""
        claimed = claim_next(self.runner, self.wait_seconds)
        while claimed:
            following = self.runner.run(*claimed, self.start, claims_next=True).next
            claimed = _announce(self.runner, following) if following else None


def claim_next(runner: AttemptRunner, wait_seconds: int) -> tuple[TaskView, LeaseRequest] | None:
    """Claim a task, and return it with its lease; None if there was no task.

    Raises:
        ApiError: The API refused the request.
        ApiUnavailable: The API did not answer.
    """
    claim = ClaimRequest(
        worker=runner.name, lease_seconds=runner.lease_seconds, wait_seconds=wait_seconds
    )
    claimed = runner.api.claim(claim)
    if claimed.task is None or claimed.lease is None:
        return None
    return _announce(runner, ClaimedTask(task=claimed.task, lease=claimed.lease))


def _announce(runner: AttemptRunner, claimed: ClaimedTask) -> tuple[TaskView, LeaseRequest]:
    """Print that a task was claimed, and return it with its lease."""
    task, lease = claimed.task, claimed.lease
    attempt = f"attempt {task.attempt} of {task.max_attempts}, fence {lease.fence}"
    runner.print(task.id, "claimed", f"{task.title} ({attempt})")
    return task, LeaseRequest(lease_id=lease.id, fence=lease.fence)


def repeat_through_outages(step: Callable[[], object], runner: AttemptRunner) -> None:
    """Repeat a step until `stopping` is set, with longer and longer pauses in an outage.

    Raises:
        ApiError: The API refused this worker.
    """
    pause = _FIRST_PAUSE
    while not runner.stopping.is_set():
        try:
            step()
            pause = _FIRST_PAUSE
        except ApiUnavailable as away:
            runner.print(None, "waiting", str(away))
            runner.stopping.wait(max(pause, away.after))
            pause = min(pause * 2, _MAX_PAUSE)
