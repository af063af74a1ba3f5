"""A worker with one Job for each claimed task, several at once.

The Jobs of a worker that was killed are found by its name when it starts again. Their leases are in
Secrets; the API decides whether they still hold.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar

from lightkube.models.batch_v1 import Job

from cli.api_client import ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.jobs.cluster import JOBS, ClusterError, ClusterUnavailable
from cli.jobs.launch import JobLauncher
from cli.jobs.names import (
    ATTEMPT_LABEL,
    TASK_LABEL,
    WORKER_LABEL,
    job_name,
    label_selector,
    label_value,
    labels_of,
    name_of,
)
from cli.work.attempt import AttemptRunner
from cli.work.loop import claim_next, repeat_through_outages
from cli.work.running import AttemptOutcome
from signalbox.http.schemas.work import HeartbeatRequest, LeaseRequest
from signalbox.models.change import TaskView
from signalbox.models.ids import TaskId
from signalbox.models.task import TaskStatus
from signalbox.services.ports.time import Clock, utc_now
from signalbox.services.tasks.leases import HeartbeatAction

T = TypeVar("T")

_SLICE_SECONDS: Final = 0.2
_SWEEP_SECONDS: Final = 300.0
_FIRST_PAUSE: Final = 5.0
_MAX_PAUSE: Final = 60.0


@dataclass(slots=True, kw_only=True)
class JobPool:
    """Claims tasks while fewer than `concurrency` Jobs run.

    It works until `stopping` of its runner is set.
    """

    runner: AttemptRunner
    launcher: JobLauncher
    concurrency: int
    wait_seconds: int
    monotonic: Callable[[], float] = time.monotonic
    now: Clock = utc_now
    _attended: dict[str, threading.Thread] = field(default_factory=dict, init=False)
    _swept_at: float | None = field(default=None, init=False)
    _pause: float = field(default=_FIRST_PAUSE, init=False)
    _paused_until: float = field(default=0.0, init=False)
    _failure: CommandError | None = field(default=None, init=False)

    def run(self) -> None:
        """Adopt the Jobs of this worker, and work until `stopping` is set.

        Raises:
            ApiError: The API refused this worker.
            ClusterError: The cluster refused it.
            ClusterUnavailable: The cluster did not answer at the start.
        """
        self.launcher.check()
        with self.launcher.watching():
            where = f"runs Jobs in {self.launcher.cluster.namespace}"
            self.runner.print(None, "ready", f"{where} for tasks at {self.runner.api.base_url}")
            try:
                self._adopt_all()
                repeat_through_outages(self._step, self.runner)
            finally:
                self.runner.stopping.set()
                for thread in self._attended.values():
                    thread.join()
        if self._failure:
            raise self._failure
        self.runner.print(None, "stopped", "gave back or left what it held")

    def once(self) -> AttemptOutcome | None:
        """Claim one task and run its Job, and return the outcome; None if there was no task.

        Raises:
            ApiError: The API refused the request.
            ApiUnavailable: The API did not answer.
            ClusterError: The cluster refused the Job.
            ClusterUnavailable: The cluster did not answer.
        """
        self.launcher.check()
        with self.launcher.watching():
            claimed = claim_next(self.runner, self.wait_seconds)
            return self.runner.run(*claimed, self.launcher.start).outcome if claimed else None

    def _step(self) -> None:
        """Claim a task if there is room for its Job."""
        for name in [name for name, thread in self._attended.items() if not thread.is_alive()]:
            del self._attended[name]
        now = self.monotonic()
        if self._swept_at is None or now - self._swept_at >= _SWEEP_SECONDS:
            self._swept_at = now
            self._sweep()
        if len(self._attended) >= self.concurrency or now < self._paused_until:
            self.runner.stopping.wait(_SLICE_SECONDS)
            return
        claimed = claim_next(self.runner, self.wait_seconds)
        if claimed:
            task, held = claimed
            self._attend(job_name(task.id, held.fence), partial(self._run, task, held))

    def _attend(self, name: str, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._attended[name] = thread
        thread.start()

    def _run(self, task: TaskView, held: LeaseRequest) -> None:
        try:
            self.runner.run(task, held, self.launcher.start)
            self._pause = _FIRST_PAUSE
        except (ClusterError, ClusterUnavailable) as failure:
            self.runner.print(task.id, "waiting", str(failure))
            self._paused_until = self.monotonic() + self._pause
            self._pause = min(self._pause * 2, _MAX_PAUSE)
        except CommandError as failure:  # it could not be released: its lease ends by itself
            self.runner.print(task.id, AttemptOutcome.LOST, str(failure))

    def _adopt_all(self) -> None:
        """Take over the Jobs that an earlier process of this worker left.

        Raises:
            ClusterUnavailable: They cannot be listed.
        """
        _, jobs = self.launcher.cluster.list(JOBS, label_selector(self.launcher.scope.labels))
        for job in jobs:
            self._attend(name_of(job), partial(self._adopt, job))

    def _adopt(self, job: Job) -> None:
        task, name = TaskId(labels_of(job).get(TASK_LABEL, "")), name_of(job)
        try:
            held = self._retried(lambda: self.launcher.lease_of(name))
            if held is None or not self._retried(lambda: self._still_holds(task, held)):
                self._delete(job)
                return
            view = self._retried(lambda: self.runner.api.task(task))
            if self.runner.stopping.is_set() and self.launcher.keep:
                return
            self.runner.print(task, "adopted", f"{view.title} ({name})")
            result = self.runner.run(
                view, held, lambda _task, _held, add: self.launcher.adopt(name, add)
            )
            if result.outcome is AttemptOutcome.RELEASED:  # perhaps before it was started here
                self.launcher.cluster.delete(JOBS, name)
        except CommandError as failure:
            self.runner.print(task, "waiting", f"{name} is not adopted: {failure}")
            if isinstance(failure, ApiError):
                self._failure = failure
                self.runner.stopping.set()

    def _still_holds(self, task: TaskId, held: LeaseRequest) -> bool:
        """Extend a lease, and return whether its task is still to be worked on."""
        beat = HeartbeatRequest(**held.model_dump(), lease_seconds=self.runner.lease_seconds)
        try:
            answer = self.runner.api.heartbeat(task, beat, self.runner.api.timeout)
        except ApiError as refused:
            if refused.status in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
                return False
            raise
        return answer.action is HeartbeatAction.CONTINUE

    def _retried(self, request: Callable[[], T]) -> T:
        """Return a response, after as many tries as an outage takes, until `stopping` is set."""
        while True:
            try:
                return request()
            except (ApiUnavailable, ClusterUnavailable) as away:
                if self.runner.stopping.wait(max(_FIRST_PAUSE, away.after)):
                    raise

    def _sweep(self) -> None:
        """Delete Jobs whose lease is lost, of this worker and of those that are gone.

        Raises:
            ApiError: The API refused this worker.
            ApiUnavailable: The API did not answer.
        """
        scope = self.launcher.scope
        try:
            _, jobs = self.launcher.cluster.list(JOBS, label_selector(scope.installation))
            for job in jobs:
                if name_of(job) not in self._attended and self._is_lost(job):
                    self._delete(job)
        except (ClusterError, ClusterUnavailable) as failure:
            self.runner.print(None, "waiting", str(failure))

    def _is_lost(self, job: Job) -> bool:
        labels = labels_of(job)
        try:
            task = self.runner.api.task(TaskId(labels.get(TASK_LABEL, "")))
        except ApiError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            return True
        return not (
            task.status is TaskStatus.RUNNING
            and label_value(task.worker or "") == labels.get(WORKER_LABEL)
            and str(task.attempt) == labels.get(ATTEMPT_LABEL)
            and task.lease_expires_at
            and task.lease_expires_at > self.now()
        )

    def _delete(self, job: Job) -> None:
        self.launcher.cluster.delete(JOBS, name_of(job))
        task = TaskId(labels_of(job).get(TASK_LABEL, ""))
        self.runner.print(task, "deleted", f"{name_of(job)}: its lease is lost")
