import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import httpx2
import pytest
import yaml

from cli.api_client import ApiError
from cli.errors import CommandError
from cli.jobs.assembly import job_pool
from cli.jobs.cluster import ClusterError
from cli.jobs.names import job_name
from cli.jobs.pool import JobPool
from cli.output import Output
from cli.target import PROJECT
from cli.work.attempt import AttemptRunner
from cli.work.running import AttemptOutcome
from cli.work.signals import StopFlag
from signalbox.models.ids import TaskId, WorkerId
from signalbox.models.task import Task, TaskStatus
from tests.builders import a_task
from tests.fakes.kubernetes_api import KubernetesApi, Refused
from tests.fakes.task_api import TaskRecords, task_api

MANIFEST = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "agent:1"}]}}},
}
ACCESS = PROJECT / "deploy" / "kubernetes" / "worker" / "access.yaml"
_, ROLE, _ = yaml.safe_load_all(ACCESS.read_text())
ALLOWED = {
    (verb, resource)
    for rule in ROLE["rules"]
    for resource in rule["resources"]
    for verb in rule["verbs"]
}


def wait_for(met: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not met():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.01)


@dataclass(kw_only=True)
class Farm:
    """A cluster, tasks, and workers in threads."""

    template: Path
    api: KubernetesApi = field(default_factory=lambda: KubernetesApi(allowed=set(ALLOWED)))
    records: TaskRecords = field(default_factory=TaskRecords)
    workers: list[tuple[threading.Thread, StopFlag]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def add(self, letter: str = "a", **fields: object) -> Task:
        task = a_task(**{"id": TaskId("tsk_" + letter * 24), "max_attempts": 2, **fields})
        return self.records.add(task)

    def pool(self, name: str = "w1", *, keep: bool = False, concurrency: int = 2) -> JobPool:
        runner = AttemptRunner(
            api=task_api(self.records),
            name=WorkerId(name),
            output=Output(),
            lease_seconds=60,
            beat_seconds=0.1,
            lossless=True,
        )
        pool = job_pool(
            runner,
            self.template,
            namespace=None,
            concurrency=concurrency,
            wait_seconds=0,
            keep=keep,
            cluster=self.api.cluster(),
        )
        pool.launcher = replace(pool.launcher, log_pause=0.01, sleep=lambda _: None)
        for informer in (pool.launcher.jobs, pool.launcher.pods):
            informer.pause = 0.01
        return pool

    def start(self, pool: JobPool | None = None) -> StopFlag:
        running = pool or self.pool()

        def run() -> None:
            try:
                running.run()
            except CommandError as failure:
                self.failures.append(failure)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.workers.append((thread, running.runner.stopping))
        return running.runner.stopping

    def stop(self) -> None:
        for thread, stopping in self.workers:
            stopping.set()
            thread.join(10)
            assert not thread.is_alive()
        self.workers.clear()
        self.api.break_streams()

    def now(self, task: Task) -> Task:
        return self.records.tasks[task.id]

    def job(self, task: Task, fence: int = 1) -> str:
        """The Job of a task, once it is there."""
        name = job_name(task.id, fence)
        wait_for(lambda: name in self.api.names("secrets"))
        return name

    def wait_for_status(self, task: Task, status: TaskStatus) -> Task:
        wait_for(lambda: self.now(task).status is status)
        return self.now(task)

    def wait_until_ready(self) -> None:
        """Until the checks at the start are over."""
        wait_for(lambda: any(query.get("watch") for _, _, query in self.api.requests))

    def wait_until_clean(self) -> None:
        kinds = ("jobs", "pods", "configmaps", "secrets")
        wait_for(lambda: not any(self.api.names(plural) for plural in kinds))


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    template = tmp_path / "job.yaml"
    template.write_text(yaml.safe_dump(MANIFEST))
    made = Farm(template=template)
    yield made
    made.stop()


def test_a_job_that_ends_well_completes_its_task_and_is_deleted(farm: Farm) -> None:
    task = farm.add()
    farm.start()

    job = farm.job(task)
    farm.api.run(job)
    farm.api.print(job, "working", "all good")
    farm.api.exit(job, 0)

    result = farm.wait_for_status(task, TaskStatus.SUCCEEDED).result
    assert result
    assert result.summary == "working\nall good"
    assert farm.records.lines(task.id) == ["working", "all good"]
    farm.wait_until_clean()


def test_a_termination_message_is_the_result(farm: Farm) -> None:
    task = farm.add()
    farm.start()

    job = farm.job(task)
    farm.api.run(job)
    farm.api.print(job, "working")
    farm.api.exit(job, 0, message="opened pull request 7")

    result = farm.wait_for_status(task, TaskStatus.SUCCEEDED).result
    assert result
    assert result.summary == "opened pull request 7"


def test_a_job_that_ends_badly_fails_its_attempt_and_the_next_one_has_another_job(
    farm: Farm,
) -> None:
    task = farm.add()
    farm.start()

    job = farm.job(task)
    farm.api.run(job)
    farm.api.print(job, "too much")
    farm.api.exit(job, 137, reason="OOMKilled")
    after = farm.wait_for_status(task, TaskStatus.PENDING)
    farm.wait_until_clean()
    farm.records.tasks[task.id] = after.model_copy(update={"not_before": None})
    second = farm.job(task, fence=2)

    assert after.last_step.reason == "the container ended with 137 (OOMKilled): too much"
    assert farm.api.job(second)["metadata"]["labels"]["signalbox/attempt"] == "2"


def test_the_progress_is_the_last_line_or_what_the_pod_waits_for(farm: Farm) -> None:
    task = farm.add()
    farm.start()

    job = farm.job(task)
    farm.api.wait_for_image(job)
    waiting = 'ImagePullBackOff: Back-off pulling image "nowhere"'
    wait_for(lambda: waiting in farm.records.beats)
    farm.api.run(job)
    farm.api.print(job, "half way, token=ghp_0123456789abcdef0123456789abcdef0123")

    wait_for(lambda: "half way, token=[masked]" in farm.records.beats)


def test_the_job_of_a_cancelled_task_is_deleted(farm: Farm) -> None:
    task = farm.add()
    farm.start()
    farm.api.run(farm.job(task))

    farm.records.cancel(task.id)

    farm.wait_until_clean()
    assert farm.now(task).status is TaskStatus.CANCELLED


def test_a_job_whose_lease_is_lost_is_deleted(farm: Farm) -> None:
    task = farm.add()
    farm.start()
    farm.api.run(farm.job(task))

    farm.records.lose_lease(task.id)

    farm.wait_until_clean()
    assert farm.now(task).lease
    assert farm.now(task).status is TaskStatus.RUNNING


def test_a_worker_that_is_stopped_deletes_its_jobs_and_releases_its_tasks(farm: Farm) -> None:
    tasks = [farm.add("a"), farm.add("b")]
    farm.start()
    for task in tasks:
        farm.api.run(farm.job(task))

    farm.stop()

    farm.wait_until_clean()
    assert farm.records.releases == ["worker w1 was stopped"] * 2
    assert {farm.now(task).attempt for task in tasks} == {0}


def test_a_worker_that_keeps_jobs_leaves_them_to_its_next_start(farm: Farm) -> None:
    task = farm.add()
    farm.start(farm.pool(keep=True))
    job = farm.job(task)
    farm.api.run(job)
    farm.api.print(job, "one")
    wait_for(lambda: "one" in farm.records.beats)
    farm.stop()
    left = farm.now(task)
    farm.api.print(job, "two")

    farm.start(farm.pool(keep=True))
    farm.api.print(job, "three")
    wait_for(lambda: "three" in farm.records.beats)
    farm.api.exit(job, 0)

    done = farm.wait_for_status(task, TaskStatus.SUCCEEDED)
    assert (left.status, left.fence, done.fence) == (TaskStatus.RUNNING, 1, 1)
    assert farm.records.lines(task.id) == ["one", "two", "three"]
    farm.wait_until_clean()


def test_a_job_that_ended_while_no_worker_ran_is_reported_by_the_next(farm: Farm) -> None:
    task = farm.add()
    farm.start(farm.pool(keep=True))
    job = farm.job(task)
    farm.api.run(job)
    farm.stop()
    farm.api.print(job, "all good")
    farm.api.exit(job, 0)

    farm.start()

    result = farm.wait_for_status(task, TaskStatus.SUCCEEDED).result
    assert result
    assert result.summary == "all good"
    assert farm.records.lines(task.id) == ["all good"]


@pytest.mark.parametrize("ended", ["cancelled", "claimed by another", "without its secret"])
def test_a_job_that_may_not_run_on_is_deleted_at_the_next_start(farm: Farm, ended: str) -> None:
    task = farm.add()
    farm.start(farm.pool(keep=True))
    job = farm.job(task)
    farm.api.run(job)
    farm.stop()

    if ended == "cancelled":
        farm.records.cancel(task.id)
    elif ended == "claimed by another":
        farm.records.lose_lease(task.id)
    else:
        farm.api.delete("secrets", job)
    farm.start()

    farm.wait_until_clean()


@pytest.mark.parametrize("keep", [True, False])
def test_a_worker_that_is_stopped_while_it_adopts_a_job_leaves_it_or_deletes_it(
    farm: Farm,
    keep: bool,  # noqa: FBT001  whether it keeps Jobs
) -> None:
    task = farm.add()
    farm.start(farm.pool(keep=True))
    job = farm.job(task)
    farm.api.run(job)
    farm.stop()
    pool = farm.pool(keep=keep)
    pool.runner.stopping.set()

    pool.run()

    assert farm.api.names("jobs") == ([job] if keep else [])
    assert farm.now(task).status is (TaskStatus.RUNNING if keep else TaskStatus.PENDING)


def test_jobs_are_adopted_once_the_api_answers_again(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.jobs.pool._FIRST_PAUSE", 0.01)
    task = farm.add()
    farm.start(farm.pool(keep=True))
    job = farm.job(task)
    farm.api.run(job)
    farm.stop()
    farm.records.away = True
    farm.api.fail("GET", "secrets", 503)

    farm.start()
    wait_for(lambda: not farm.api.faults)
    farm.records.away = False
    farm.api.exit(job, 0)

    farm.wait_for_status(task, TaskStatus.SUCCEEDED)


def test_jobs_of_a_worker_that_is_gone_are_deleted_once_their_lease_is_lost(farm: Farm) -> None:
    lost, held = farm.add("a"), farm.add("b")
    farm.start(farm.pool("w-gone", keep=True))
    for task in (lost, held):
        farm.api.run(farm.job(task))
    farm.stop()
    farm.records.cancel(lost.id)

    farm.start(farm.pool("w1"))

    wait_for(lambda: farm.api.names("jobs") == [job_name(held.id, 1)])


def test_no_more_jobs_run_than_may_at_once(farm: Farm) -> None:
    tasks = [farm.add(letter) for letter in "abc"]
    farm.start(farm.pool(concurrency=2))
    first, second = farm.job(tasks[0]), farm.job(tasks[1])

    third_while_full = farm.now(tasks[2]).status
    farm.api.run(first)
    farm.api.exit(first, 0)
    third = farm.job(tasks[2])

    assert third_while_full is TaskStatus.PENDING
    assert farm.api.names("jobs") == sorted([second, third])


def test_a_task_that_makes_its_job_invalid_fails_and_the_worker_goes_on(farm: Farm) -> None:
    farm.start(farm.pool(concurrency=1))
    farm.wait_until_ready()
    farm.api.fail("POST", "configmaps", 422)
    task, other = farm.add("a", max_attempts=1), farm.add("b")

    failed = farm.wait_for_status(task, TaskStatus.FAILED)
    farm.api.run(farm.job(other))

    assert failed.reason == "the Job was refused: Kubernetes: 422 injected"


def test_a_refusal_that_is_not_the_tasks_fault_releases_it_and_is_tried_later(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.jobs.pool._FIRST_PAUSE", 0.01)
    farm.records.hold_released = False
    pool = farm.pool()
    pool._pause = 0.01
    farm.start(pool)
    farm.wait_until_ready()
    farm.api.fail("POST", "jobs", 403)
    task = farm.add()

    farm.job(task, fence=2)

    assert farm.records.releases == ["Kubernetes: 403 injected"]
    assert farm.now(task).attempt == 1


def test_a_job_whose_creation_was_not_answered_is_created_once(farm: Farm) -> None:
    farm.start()
    farm.wait_until_ready()
    farm.api.lost_answers.add(("POST", "jobs"))
    farm.api.fail("POST", "configmaps", httpx2.ConnectError("away"))
    farm.api.fail("POST", "secrets", 503)
    task = farm.add()

    job = farm.job(task)
    farm.api.run(job)
    farm.api.exit(job, 0)

    assert farm.wait_for_status(task, TaskStatus.SUCCEEDED).fence == 1


def test_a_task_is_released_if_the_cluster_is_away_for_longer_than_a_lease_allows(
    farm: Farm,
) -> None:
    clock = count(step=10.0)
    pool = farm.pool()
    pool.launcher = replace(pool.launcher, monotonic=lambda: next(clock))
    farm.start(pool)
    farm.wait_until_ready()
    for _ in range(3):
        farm.api.fail("POST", "configmaps", 503)
    farm.add()

    wait_for(lambda: bool(farm.records.releases))

    assert farm.records.releases == ["Kubernetes: 503 injected"]
    farm.wait_until_clean()


def test_jobs_of_earlier_leases_are_deleted_before_another_is_created(farm: Farm) -> None:
    task = farm.add()
    farm.start(farm.pool("w-gone", keep=True))
    earlier = farm.job(task)
    farm.api.run(earlier)
    farm.stop()
    farm.records.lose_lease(task.id)
    lost = farm.now(task)
    farm.records.tasks[task.id] = lost.model_copy(
        update={"status": TaskStatus.PENDING, "lease": None, "attempt": 1}
    )
    pool = farm.pool("w1")
    pool._swept_at = pool.monotonic()  # its sweep would delete it as well

    farm.start(pool)
    later = farm.job(task, fence=3)

    assert farm.api.names("jobs") == [later]


def test_a_job_that_takes_too_long_fails_its_attempt(farm: Farm) -> None:
    task = farm.add(max_attempts=1)
    farm.start()
    job = farm.job(task)
    farm.api.run(job)

    farm.api.exceed_deadline(job)

    reason = farm.wait_for_status(task, TaskStatus.FAILED).reason or ""
    assert reason.startswith("the Job failed: DeadlineExceeded")


def test_a_pod_of_a_drained_node_does_not_cost_an_attempt(farm: Farm) -> None:
    task = farm.add()
    farm.start()
    job = farm.job(task)
    farm.api.run(job)

    farm.api.drain_node(job)

    wait_for(lambda: bool(farm.records.releases))
    assert farm.records.releases == ["the pod was disrupted (EvictionByEvictionAPI)"]
    assert farm.now(task).attempt == 0


def test_a_job_that_somebody_deletes_fails_its_attempt(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.jobs.running_job._GRACE_SECONDS", 0.05)
    task = farm.add(max_attempts=1)
    farm.start()
    job = farm.job(task)
    farm.api.run(job)

    farm.api.delete("jobs", job)

    assert farm.wait_for_status(task, TaskStatus.FAILED).reason == "the Job was deleted"


def test_a_job_is_looked_for_if_the_watch_missed_its_end(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.jobs.running_job._CHECK_SECONDS", 0.05)
    monkeypatch.setattr("cli.jobs.informer.Informer._apply", lambda *_: None)
    task = farm.add(max_attempts=1)
    farm.start()
    job = farm.job(task)

    farm.api.delete("jobs", job)

    assert farm.wait_for_status(task, TaskStatus.FAILED).reason == "the Job was deleted"


def test_lines_are_sent_once_over_connections_that_break(farm: Farm) -> None:
    task = farm.add()
    farm.start()
    job = farm.job(task)
    farm.api.run(job)

    for number in range(6):
        farm.api.print(job, f"line {number}", seconds=0.4)
        wait_for(lambda number=number: f"line {number}" in farm.records.beats)  # type: ignore[misc]
        farm.api.break_streams(cut=number % 2 == 0)
    farm.api.exit(job, 0)

    farm.wait_for_status(task, TaskStatus.SUCCEEDED)
    assert farm.records.lines(task.id) == [f"line {number}" for number in range(6)]


@pytest.mark.parametrize("missing", ["jobs", "pods", "configmaps", "secrets"])
def test_a_worker_without_a_permission_ends_before_it_claims(farm: Farm, missing: str) -> None:
    task = farm.add()
    farm.api.allowed = ALLOWED - {("list" if missing == "pods" else "create", missing)}

    with pytest.raises(ClusterError, match=f"403 {missing} is forbidden"):
        farm.pool().run()

    assert farm.now(task).status is TaskStatus.PENDING


def test_a_cluster_that_cannot_validate_without_creating_is_worked_in(farm: Farm) -> None:
    words = 'admission webhook "policy.test" does not support dry run'
    farm.api.fail("POST", "jobs", Refused(400, words))
    task = farm.add()

    farm.start()

    assert farm.job(task)


def test_warnings_about_the_template_are_printed_at_the_start(
    farm: Farm, capsys: pytest.CaptureFixture[str]
) -> None:
    farm.api.warnings.append('299 - "would violate PodSecurity \\"restricted:latest\\""')

    farm.start()
    farm.wait_until_ready()

    assert 'warning  would violate PodSecurity "restricted:latest"' in capsys.readouterr().out


def test_a_worker_that_the_api_refuses_ends_with_its_words(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = farm.pool()

    def refuse(*_: object) -> None:
        raise ApiError(401, "401 unauthenticated")

    monkeypatch.setattr(type(pool.runner.api), "claim", refuse)

    with pytest.raises(ApiError, match="401"):
        pool.run()


def test_the_role_of_the_worker_has_no_right_that_it_never_uses(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.jobs.running_job._CHECK_SECONDS", 0.05)
    task = farm.add()
    farm.start(farm.pool(keep=True))
    farm.api.run(farm.job(task))
    farm.stop()
    farm.start()
    farm.wait_until_ready()
    other = farm.add("b")
    farm.api.lost_answers.add(("POST", "configmaps"))
    job = farm.job(other)
    farm.api.run(job)
    wait_for(lambda: ("get", "jobs") in farm.api.used)
    farm.api.exit(job, 0)
    farm.wait_for_status(other, TaskStatus.SUCCEEDED)
    wait_for(lambda: job not in farm.api.names("jobs"))

    of_owners = {("delete", "configmaps"), ("delete", "secrets")}  # as OpenShift asks for
    assert farm.api.used == ALLOWED - of_owners


def test_one_task_can_be_worked_on_alone(farm: Farm) -> None:
    task = farm.add()
    outcomes: list[AttemptOutcome | None] = []
    thread = threading.Thread(target=lambda: outcomes.append(farm.pool().once()))
    thread.start()
    job = farm.job(task)
    farm.api.run(job)
    farm.api.exit(job, 0)
    thread.join(10)

    nothing = farm.pool().once()

    assert outcomes == [AttemptOutcome.SUCCEEDED]
    assert nothing is None
