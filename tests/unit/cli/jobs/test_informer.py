import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from lightkube.models.batch_v1 import Job

from cli.jobs.cluster import JOBS
from cli.jobs.informer import Informer
from cli.jobs.manifest import job_manifest, sample_lease, sample_task
from cli.jobs.names import JobScope, job_name, label_selector, name_of
from cli.jobs.template import parse_template
from signalbox.models.ids import TaskId, WorkerId
from tests.fakes.kubernetes_api import KubernetesApi

SCOPE = JobScope(base_url="https://signalbox.test", worker=WorkerId("w1"))
TEMPLATE = parse_template(
    {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}},
    }
)


def wait_for(met: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not met():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.005)


@pytest.fixture
def api() -> KubernetesApi:
    return KubernetesApi()


@pytest.fixture
def errors() -> list[str]:
    return []


@pytest.fixture
def informer(api: KubernetesApi, errors: list[str]) -> Iterator[Informer[Job]]:
    jobs = Informer(
        cluster=api.cluster(),
        kind=JOBS,
        selector=label_selector(SCOPE.labels),
        key=name_of,
        report=errors.append,
        pause=0.01,
    )
    yield jobs
    jobs.stop()
    api.break_streams()


def create(api: KubernetesApi, letter: str) -> str:
    task = sample_task().model_copy(update={"id": TaskId("tsk_" + letter * 24)})
    api.cluster().create(JOBS, job_manifest(TEMPLATE, task, sample_lease(), SCOPE))
    return job_name(task.id, 1)


def state(informer: Informer[Job], name: str) -> tuple[bool, bool]:
    """Whether it is known, and whether it exists."""
    found, exists = informer.find(name)
    return found is not None, exists


def test_objects_are_known_from_before_and_as_they_come_and_go(
    api: KubernetesApi, informer: Informer[Job]
) -> None:
    first = create(api, "a")
    informer.start()
    assert informer.wait_synced(10)
    second = create(api, "b")
    wait_for(lambda: state(informer, second) == (True, True))
    api.delete("jobs", second)
    wait_for(lambda: state(informer, second) == (True, False))

    assert state(informer, first) == (True, True)
    assert state(informer, "other") == (False, False)


def test_a_change_is_seen(api: KubernetesApi, informer: Informer[Job]) -> None:
    name = create(api, "a")
    informer.start()
    assert informer.wait_synced(10)

    api.run(name)
    api.exit(name, 0)

    def complete() -> bool:
        job, _ = informer.find(name)
        return bool(job and job.status and job.status.conditions)

    wait_for(complete)


def test_what_happened_while_the_version_expired_is_found_by_a_list(
    api: KubernetesApi, informer: Informer[Job], errors: list[str]
) -> None:
    gone, stays = create(api, "a"), create(api, "b")
    informer.start()
    assert informer.wait_synced(10)
    api.delete("jobs", gone)
    new = create(api, "c")
    api.compact()
    api.break_streams()

    wait_for(lambda: state(informer, gone) == (True, False))
    wait_for(lambda: state(informer, new) == (True, True))
    assert state(informer, stays) == (True, True)
    assert errors == [], "an expired version is usual"


def test_a_watch_goes_on_after_its_connection_was_cut(
    api: KubernetesApi, informer: Informer[Job], errors: list[str]
) -> None:
    informer.start()
    assert informer.wait_synced(10)

    api.break_streams(cut=True)
    name = create(api, "a")

    wait_for(lambda: state(informer, name) == (True, True))
    assert errors == [], "it is usual"


def test_a_list_is_tried_again_in_an_outage(
    api: KubernetesApi, informer: Informer[Job], errors: list[str]
) -> None:
    api.fail("GET", "jobs", 503)
    api.fail("GET", "jobs", httpx2.ConnectError("away"))

    informer.start()

    assert informer.wait_synced(10)
    assert len(errors) == 2


def test_an_object_that_was_created_during_a_list_is_not_taken_for_deleted(
    informer: Informer[Job],
) -> None:
    created = job_manifest(TEMPLATE, sample_task(), sample_lease(), SCOPE)

    class Late(KubernetesApi):
        def _list(self, plural: str, query: dict[str, str]) -> dict[str, object]:
            page = super()._list(plural, query)
            informer.add(created)
            return page

    late = Late()
    informer.cluster = late.cluster()

    informer._list()

    assert state(informer, name_of(created)) == (True, True)
