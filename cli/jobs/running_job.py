"""A Job that runs for a task."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import Pod

from cli.errors import CommandError
from cli.jobs.cluster import JOBS, Cluster
from cli.jobs.informer import Informer
from cli.jobs.pod_log import PodLogFollower
from cli.jobs.pod_state import (
    has_started,
    job_finished,
    job_report,
    late_report,
    pod_waiting_reason,
    terminated,
)
from cli.work.running import AttemptReport

_FINISH_SECONDS: Final = 10.0
_GRACE_SECONDS: Final = 10.0
"""For how long a Job may have ended while its pod does not show it, since each has a watch."""

_CHECK_SECONDS: Final = 60.0
"""How often the Job is read in case that the watch missed its end."""

_DELETE_PAUSES: Final = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """What the watches know of one Job. `container` is the one whose end counts."""

    name: str
    container: str
    jobs: Informer[Job]
    pods: Informer[Pod]

    def job(self) -> tuple[Job | None, bool]:
        """Return the Job as it last was, and whether it exists."""
        return self.jobs.find(self.name)

    def pod(self) -> tuple[Pod | None, bool]:
        """Return its pod as it last was, and whether it exists."""
        return self.pods.find(self.name)

    @property
    def started(self) -> bool:
        """Return whether the container runs or has run."""
        pod, exists = self.pod()
        return exists and has_started(pod, self.container)

    @property
    def closed(self) -> bool:
        """Return whether the log is complete."""
        pod, exists = self.pod()
        return terminated(pod, self.container) is not None or (pod is not None and not exists)


@dataclass(slots=True, kw_only=True)
class RunningJob:
    """A Job that was created or adopted. `survives` means that it may outlive the worker."""

    cluster: Cluster
    view: JobView
    log: PodLogFollower
    survives: bool
    report_error: Callable[[str], None]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _report: AttemptReport | None = field(default=None, init=False)
    _ended_at: float | None = field(default=None, init=False)
    _checked_at: float | None = field(default=None, init=False)
    _deleted: bool = field(default=False, init=False)

    @property
    def last_line(self) -> str:
        """Return the progress: the last line, or what the pod waits for."""
        waiting = pod_waiting_reason(self.view.pod()[0], self.view.container)
        return self.log.last_line or waiting

    def ended(self) -> AttemptReport | None:
        """Return how it ended, None while it runs."""
        if self._report is None:
            self._report = self._judge()
        if self._report is None or self._report.output:
            return self._report
        return replace(self._report, output=self.log.tail)

    def finish(self) -> None:
        """Wait for the rest of its log."""
        if self._report and (self.view.started or self.view.closed):
            self.log.wait(_FINISH_SECONDS)

    def stop(self) -> None:
        """Delete the Job if it runs."""
        if self._report is None:
            self.discard()

    def discard(self) -> None:
        """Delete the Job. In an outage it is left to the next sweep, or to its time to live."""
        self.log.stop()
        if self._deleted:
            return
        for pause in _DELETE_PAUSES:
            try:
                self.cluster.delete(JOBS, self.view.name)
            except CommandError as failure:
                self.report_error(str(failure))
                self.sleep(pause)
            else:
                self._deleted = True
                return

    def _judge(self) -> AttemptReport | None:
        job, exists = self.view.job()
        pod, _ = self.view.pod()
        report = job_report(job, pod, self.view.container)
        if report:
            return report
        if exists and not job_finished(job):
            self._ended_at = None
            exists = self._still_exists()
            return None if exists else late_report(None, exists=False)
        now = self.monotonic()
        self._ended_at = self._ended_at or now
        late = now - self._ended_at >= _GRACE_SECONDS
        return late_report(job, exists=exists) if late else None

    def _still_exists(self) -> bool:
        """Return False if the Job is gone although the watch has not shown its end."""
        now = self.monotonic()
        if self._checked_at is None or now - self._checked_at < _CHECK_SECONDS:
            self._checked_at = self._checked_at or now
            return True
        self._checked_at = now
        try:
            return self.cluster.get(JOBS, self.view.name) is not None
        except CommandError:
            return True


@dataclass(frozen=True, slots=True)
class RefusedJob:
    """A Job that the API server refused: its attempt has failed."""

    report: AttemptReport

    @property
    def survives(self) -> bool:
        """Return False: there is nothing."""
        return False

    @property
    def last_line(self) -> str:
        """Return nothing."""
        return ""

    def ended(self) -> AttemptReport:
        """Return why it was refused."""
        return self.report

    def finish(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def discard(self) -> None:
        """Do nothing."""
