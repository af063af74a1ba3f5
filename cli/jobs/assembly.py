"""Build the worker of `signalbox work --kubernetes`."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from cli.jobs.cluster import JOBS, PODS, Cluster
from cli.jobs.connect import connect_cluster
from cli.jobs.informer import Informer
from cli.jobs.launch import JobLauncher
from cli.jobs.names import JobScope, job_of, label_selector, name_of
from cli.jobs.pool import JobPool
from cli.jobs.template import read_template
from cli.work.attempt import AttemptRunner


def job_pool(
    runner: AttemptRunner,
    template_file: Path,
    *,
    namespace: str | None,
    concurrency: int,
    wait_seconds: int,
    keep: bool,
    cluster: Cluster | None = None,
) -> JobPool:
    """Return the worker, by default for the cluster of the environment.

    Raises:
        CommandError: The template is not valid, or there is no cluster.
    """
    template = read_template(template_file)
    of_template = template.metadata.namespace if template.metadata else None
    chosen = cluster or connect_cluster(namespace or of_template)
    cluster = replace(chosen, warn=partial(runner.print, None, "warning"))
    scope = JobScope(base_url=runner.api.base_url, worker=runner.name)
    report = partial(runner.print, None, "waiting")
    selector = label_selector(scope.labels)
    launcher = JobLauncher(
        cluster=cluster,
        template=template,
        scope=scope,
        jobs=Informer(cluster=cluster, kind=JOBS, selector=selector, key=name_of, report=report),
        pods=Informer(cluster=cluster, kind=PODS, selector=selector, key=job_of, report=report),
        report=report,
        keep=keep,
    )
    return JobPool(
        runner=runner, launcher=launcher, concurrency=concurrency, wait_seconds=wait_seconds
    )
