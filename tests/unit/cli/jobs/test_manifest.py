import base64
import json
import re

import kubernetes_validate
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import Container, PodSpec, Secret
from msgspec.structs import replace

from cli.jobs.manifest import (
    job_manifest,
    lease_in,
    lease_secret,
    sample_task,
    task_config_map,
)
from cli.jobs.names import JobScope, job_name, label_selector, label_value
from cli.jobs.template import parse_template
from signalbox.http.schemas.work import LeaseRequest
from signalbox.models.change import TaskView
from signalbox.models.ids import LeaseId, TaskId, WorkerId

SCOPE = JobScope(base_url="https://signalbox.test", worker=WorkerId("jobs-0"))
HELD = LeaseRequest(lease_id=LeaseId("lse_secretsecretsecret"), fence=7)
HOSTILE = '"; $(AGENT_TOKEN) `id` {{x}}\n- evil: true'
TEMPLATE = parse_template(
    {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"labels": {"team": "agents"}, "annotations": {"note": "x"}},
        "spec": {
            "template": {
                "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
                "spec": {
                    "containers": [
                        {
                            "name": "agent",
                            "image": "agent:1",
                            "env": [
                                {"name": "AGENT_TOKEN", "value": "t"},
                                {"name": "SIGNALBOX_TASK_ID", "value": "mine"},
                            ],
                            "volumeMounts": [{"name": "work", "mountPath": "/work"}],
                        },
                        {"name": "helper", "image": "helper:1"},
                    ],
                    "volumes": [{"name": "work", "emptyDir": {"sizeLimit": "1Gi"}}],
                },
            }
        },
    }
)


def hostile_task() -> TaskView:
    fields = dict.fromkeys(
        ("kind", "title", "instruction", "description", "repository", "branch", "author"), HOSTILE
    )
    return sample_task().model_copy(update=fields)


def job() -> Job:
    made = job_manifest(TEMPLATE, hostile_task(), HELD, SCOPE)
    assert made.metadata
    return replace(made, metadata=replace(made.metadata, uid="0b1f"))


def containers() -> list[Container]:
    spec = job().spec
    assert spec
    assert spec.template.spec
    return spec.template.spec.containers


@pytest.mark.parametrize("version", ["1.31", "1.34"])
def test_what_is_created_fits_the_schemas_of_kubernetes(version: str) -> None:
    owner = job()

    for created in (owner, task_config_map(hostile_task(), owner), lease_secret(HELD, owner)):
        document = msgspec.json.decode(msgspec.json.encode(created))
        kubernetes_validate.validate(document, version, strict=True)


def test_text_of_a_task_is_in_the_config_map_alone() -> None:
    owner = job()

    config_map = task_config_map(hostile_task(), owner)

    assert "evil" not in msgspec.json.encode(owner).decode()
    assert config_map.data
    assert config_map.data["SIGNALBOX_TASK_TITLE"] == HOSTILE
    assert TaskView.model_validate_json(config_map.data["task.json"]) == hostile_task()


def test_variables_of_the_task_come_from_the_config_map_where_nothing_is_expanded() -> None:
    agent, helper = containers()

    variables = {variable.name: variable for variable in agent.env or ()}
    title = variables["SIGNALBOX_TASK_TITLE"]
    assert title.value is None
    assert title.valueFrom
    assert title.valueFrom.configMapKeyRef
    assert title.valueFrom.configMapKeyRef.name == job_name(sample_task().id, 7)
    assert variables["SIGNALBOX_TASK_FILE"].value == "/signalbox/task.json"
    assert variables["SIGNALBOX_TASK_ID"].value is None, "the template cannot replace it"
    assert variables["AGENT_TOKEN"].value == "t"
    assert helper.env is None


def test_the_lease_is_in_the_secret_alone() -> None:
    owner = job()

    secret = lease_secret(HELD, owner)

    assert HELD.lease_id not in msgspec.json.encode(owner).decode()
    assert HELD.lease_id not in json.dumps(task_config_map(hostile_task(), owner).data)
    assert lease_in(secret) == HELD
    spec = owner.spec
    assert spec
    assert spec.template.spec
    volumes = [(each.name, each.secret) for each in spec.template.spec.volumes or ()]
    assert volumes == [("work", None), ("signalbox-task", None)]


@pytest.mark.parametrize("data", [None, {}, {"lease": "!"}, {"lease": base64.b64encode(b"{}")}])
def test_a_secret_without_a_lease_is_none(data: dict[str, str] | None) -> None:
    with pytest.raises(ValueError, match=r".+"):
        lease_in(Secret(data=data))


def test_what_a_job_owns_is_deleted_with_it() -> None:
    owner = job()

    for owned in (task_config_map(hostile_task(), owner), lease_secret(HELD, owner)):
        assert owned.metadata
        owners = [(each.kind, each.uid) for each in owned.metadata.ownerReferences or ()]
        assert owners == [("Job", "0b1f")]


def test_labels_and_annotations_of_the_template_are_kept() -> None:
    made = job()

    assert made.metadata
    assert made.metadata.labels
    assert made.metadata.labels["team"] == "agents"
    assert made.metadata.annotations == {"note": "x"}
    assert made.spec
    assert made.spec.template.metadata
    assert made.spec.template.metadata.annotations == {"sidecar.istio.io/inject": "false"}
    assert made.spec.template.metadata.labels == {
        **SCOPE.labels,
        "signalbox/task": sample_task().id,
        "signalbox/attempt": "1",
        "signalbox/fence": "7",
    }


def test_two_installations_and_two_workers_have_different_labels() -> None:
    other = JobScope(base_url="https://other.test", worker=SCOPE.worker)
    second = JobScope(base_url=SCOPE.base_url, worker=WorkerId("jobs-1"))

    assert label_selector(other.installation) != label_selector(SCOPE.installation)
    assert second.installation == SCOPE.installation
    assert second.labels != SCOPE.labels


def test_a_name_belongs_to_one_lease() -> None:
    task = TaskId("tsk_" + "a" * 24)

    assert job_name(task, 3) == "signalbox-" + "a" * 24 + "-3"
    assert job_name(task, 3) != job_name(task, 4)


@given(st.text(), st.integers(min_value=1, max_value=10**9))
def test_a_name_leaves_room_for_that_of_its_pod(task: str, fence: int) -> None:
    name = job_name(TaskId(task), fence)

    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name)
    assert len(name) <= 57, "a pod's name has six characters more, and at most 63"


@given(st.text())
def test_every_text_becomes_a_valid_label(text: str) -> None:
    value = label_value(text)

    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", value)
    assert len(value) <= 63


def test_a_worker_with_a_valid_name_is_found_by_it() -> None:
    assert label_value("signalbox-jobs-0") == "signalbox-jobs-0"
    assert label_value("a/b") != label_value("a:b")


def test_a_pod_without_volumes_gets_the_one_of_the_task() -> None:
    template = parse_template(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}},
        }
    )

    made = job_manifest(template, sample_task(), HELD, SCOPE)

    assert made.spec
    pod: PodSpec | None = made.spec.template.spec
    assert pod
    assert [volume.name for volume in pod.volumes or ()] == ["signalbox-task"]
