"""Create the Job of a claimed task, or take over one that runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final

from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import Pod

from cli.errors import CommandError
from cli.jobs.cluster import (
    CONFIG_MAPS,
    JOBS,
    PODS,
    SECRETS,
    Cluster,
    ClusterError,
    ClusterUnavailable,
    R,
    ResourceKind,
)
from cli.jobs.informer import Informer
from cli.jobs.manifest import (
    job_manifest,
    lease_in,
    lease_secret,
    sample_lease,
    sample_task,
    task_config_map,
)
from cli.jobs.names import FENCE_LABEL, TASK_LABEL, JobScope, label_selector, labels_of, name_of
from cli.jobs.pod_log import PodLogFollower
from cli.jobs.running_job import JobView, RefusedJob, RunningJob
from cli.work.running import AttemptOutcome, AttemptReport, RunningAttempt
from signalbox.http.schemas.work import LeaseRequest
from signalbox.models.change import TaskView
from signalbox.models.ids import TaskId

_CREATE_PAUSE: Final = 0.5
_CREATE_SECONDS: Final = 15.0
"""For how long creation is tried again in an outage. No heartbeat is sent meanwhile."""

_SYNC_SECONDS: Final = 60.0

_INVALID_STATUSES: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""What this task makes invalid. Other refusals, such as a quota, are not the task's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLauncher:
    """Creates and adopts the Jobs of a worker. `keep` lets them outlive the worker."""

    cluster: Cluster
    template: Job
    scope: JobScope
    jobs: Informer[Job]
    pods: Informer[Pod]
    report: Callable[[str], None]
    keep: bool = False
    log_pause: float = 0.5
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside the block the Jobs and their pods are watched.

        Raises:
            ClusterUnavailable: They cannot be listed.
        """
        try:
            for informer in (self.jobs, self.pods):
                informer.start()
            for informer in (self.jobs, self.pods):
                if not informer.wait_synced(_SYNC_SECONDS):
                    raise ClusterUnavailable("the Jobs cannot be listed")
            yield
        finally:
            self.jobs.stop()
            self.pods.stop()

    def check(self) -> None:
        """Have the API server validate what would be created for a task.

        Raises:
            ClusterError: The template is not valid, or the worker may not create it.
            ClusterUnavailable: The API server did not answer.
        """
        sample, held = sample_task(), sample_lease()
        job = job_manifest(self.template, sample, held, self.scope)
        self.cluster.list(JOBS, label_selector(self.scope.labels))
        self.cluster.list(PODS, label_selector(self.scope.labels))
        try:
            created = self.cluster.create(JOBS, job, dry_run=True)
        except ClusterError as refused:
            if "does not support dry run" in str(refused):  # a webhook of the cluster: go without
                return
            raise
        self.cluster.create(CONFIG_MAPS, task_config_map(sample, created), dry_run=True)
        self.cluster.create(SECRETS, lease_secret(held, created), dry_run=True)

    def start(
        self, task: TaskView, held: LeaseRequest, add: Callable[[str], None]
    ) -> RunningAttempt:
        """Create the Job for a lease, after the Jobs of earlier leases are deleted.

        Raises:
            ClusterError: The worker may not create it.
            ClusterUnavailable: The API server did not answer.
        """
        job = job_manifest(self.template, task, held, self.scope)
        name, until = name_of(job), self.monotonic() + _CREATE_SECONDS
        try:
            self._delete_earlier(task.id, held.fence)
            created = self._create(JOBS, job, name, until)
            self.jobs.add(created)
            self._create(CONFIG_MAPS, task_config_map(task, created), name, until)
            self._create(SECRETS, lease_secret(held, created), name, until)
        except CommandError as failure:
            self._abandon(name)
            if isinstance(failure, ClusterError) and failure.status in _INVALID_STATUSES:
                reason = f"the Job was refused: {failure}"
                return RefusedJob(AttemptReport(outcome=AttemptOutcome.FAILED, reason=reason))
            raise
        return self.adopt(name, add)

    def adopt(self, name: str, add: Callable[[str], None]) -> RunningJob:
        """Return a Job that runs. Its log is read from the start: the API knows repeated lines."""
        container = self._container()
        view = JobView(name=name, container=container, jobs=self.jobs, pods=self.pods)
        log = PodLogFollower(
            read=partial(self._read_log, view),
            started=lambda: view.started,
            ended=lambda: view.closed,
            add=add,
            report=self.report,
            pause=self.log_pause,
        )
        log.start()
        return RunningJob(
            cluster=self.cluster,
            view=view,
            log=log,
            survives=self.keep,
            report_error=self.report,
            sleep=self.sleep,
        )

    def lease_of(self, name: str) -> LeaseRequest | None:
        """Return the lease under which a Job runs, or None if it is not known.

        Raises:
            ClusterError: The worker may not read it.
            ClusterUnavailable: The API server did not answer.
        """
        secret = self.cluster.get(SECRETS, name)
        try:
            return lease_in(secret) if secret else None
        except ValueError:
            return None

    def _container(self) -> str:
        pod = self.template.spec.template.spec if self.template.spec else None
        return pod.containers[0].name if pod else ""

    def _read_log(self, view: JobView, since: datetime | None) -> Iterator[bytes]:
        pod, _ = view.pod()
        return self.cluster.log(name_of(pod), view.container, since) if pod else iter(())

    def _delete_earlier(self, task: TaskId, fence: int) -> None:
        """Delete Jobs of leases that this one replaced, so that no two run at the same time."""
        selector = label_selector({**self.scope.installation, TASK_LABEL: task})
        _, jobs = self.cluster.list(JOBS, selector)
        for job in jobs:
            if labels_of(job).get(FENCE_LABEL) != str(fence):
                self.cluster.delete(JOBS, name_of(job))

    def _create(self, kind: ResourceKind[R], new: R, name: str, until: float) -> R:
        """Create an object, again after an outage; the one of an earlier try is as good."""
        pause = _CREATE_PAUSE
        while True:
            try:
                return self.cluster.create(kind, new)
            except ClusterError as refused:
                if refused.status != HTTPStatus.CONFLICT:
                    raise
                existing = self.cluster.get(kind, name)
                if existing is None:
                    raise
                return existing
            except ClusterUnavailable as away:
                rest = max(pause, away.after)
                if self.monotonic() + rest >= until:
                    raise
                self.sleep(rest)
                pause *= 2

    def _abandon(self, name: str) -> None:
        try:
            self.cluster.delete(JOBS, name)
        except CommandError as failure:
            self.report(str(failure))
