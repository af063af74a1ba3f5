from pathlib import Path
from typing import Any

import pytest
import yaml
from lightkube.models.batch_v1 import Job
from lightkube.models.core_v1 import PodSpec

from cli.errors import CommandError
from cli.jobs.template import parse_template, read_template


def manifest(*, spec: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    container = {"name": "agent", "image": "agent:1"}
    inner = {"containers": [container], **pod}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"template": {"spec": inner}, **(spec or {})},
    }


def pod_of(job: Job) -> PodSpec:
    assert job.spec
    assert job.spec.template.spec
    return job.spec.template.spec


def test_a_template_gets_limits_a_deadline_and_a_time_to_live() -> None:
    job = parse_template(manifest())

    (container,) = pod_of(job).containers
    assert job.spec
    assert container.resources
    assert container.resources.limits == {"cpu": "2", "memory": "4Gi"}
    assert (job.spec.activeDeadlineSeconds, job.spec.ttlSecondsAfterFinished) == (3_600, 3_600)
    assert (job.spec.backoffLimit, pod_of(job).restartPolicy) == (0, "Never")


def test_a_template_gets_what_the_restricted_pod_security_standard_asks_for() -> None:
    sidecar = {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}
    job = parse_template(manifest(initContainers=[sidecar]))

    pod = pod_of(job)
    assert pod.securityContext
    assert pod.securityContext.runAsNonRoot is True
    assert pod.securityContext.seccompProfile
    assert pod.securityContext.seccompProfile.type == "RuntimeDefault"
    assert pod.automountServiceAccountToken is False
    for container in (*pod.containers, *(pod.initContainers or ())):
        assert container.securityContext
        assert container.securityContext.allowPrivilegeEscalation is False
        assert container.securityContext.capabilities
        assert container.securityContext.capabilities.drop == ["ALL"]


def test_what_a_template_states_is_kept() -> None:
    container = {
        "name": "agent",
        "image": "agent:1",
        "resources": {"limits": {"memory": "16Gi", "nvidia.com/gpu": 1}},
        "securityContext": {"runAsUser": 0, "capabilities": {"add": ["CHOWN"]}},
    }
    given = manifest(
        spec={"activeDeadlineSeconds": 60, "ttlSecondsAfterFinished": 0},
        containers=[container],
        serviceAccountName="agents",
        automountServiceAccountToken=True,
        securityContext={"runAsNonRoot": False, "seccompProfile": {"type": "Unconfined"}},
    )
    given["spec"]["template"]["spec"]["containers"] = [container]

    job = parse_template(given)

    pod = pod_of(job)
    (kept,) = pod.containers
    assert job.spec
    assert kept.resources
    assert kept.securityContext
    assert kept.securityContext.capabilities
    assert pod.securityContext
    assert pod.securityContext.seccompProfile
    assert kept.resources.limits == {"cpu": "2", "memory": "16Gi", "nvidia.com/gpu": 1}
    assert (job.spec.activeDeadlineSeconds, job.spec.ttlSecondsAfterFinished) == (60, 0)
    assert (pod.serviceAccountName, pod.automountServiceAccountToken) == ("agents", True)
    assert pod.securityContext.runAsNonRoot is False
    assert pod.securityContext.seccompProfile.type == "Unconfined"
    assert kept.securityContext.capabilities.add == ["CHOWN"]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], "not a Job of batch/v1"),
        ({"apiVersion": "v1", "kind": "Pod"}, "not a Job of batch/v1"),
        ({"apiVersion": "batch/v1", "kind": "Job", "spec": {}}, "template"),
        (manifest(containers=[]), "containers is missing"),
        (manifest(containers=[{"name": "agent"}]), "image is missing"),
        (
            manifest(containers=[{"name": "agent", "imagee": "x", "image": "x"}]),
            r"spec\.template\.spec\.containers\[0\]\.imagee is no field",
        ),
        (manifest(volume=[]), r"spec\.template\.spec\.volume is no field"),
        (manifest(spec={"activeDeadlineSeconds": "1h"}), "activeDeadlineSeconds"),
        (manifest(spec={"backoffLimit": 6}), "backoffLimit has to be 0"),
        (manifest(spec={"completions": 3}), "completions has to be 1"),
        (manifest(spec={"parallelism": 2}), "parallelism has to be 1"),
        (manifest(spec={"suspend": True}), "suspend has to be False"),
        (manifest(spec={"podFailurePolicy": {"rules": []}}), "podFailurePolicy is not supported"),
        (manifest(restartPolicy="OnFailure"), "restartPolicy has to be Never"),
    ],
)
def test_a_template_of_which_one_pod_cannot_run_is_refused(document: Any, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        parse_template(document)


def test_a_template_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(yaml.safe_dump(manifest()))

    assert pod_of(read_template(path)).containers[0].image == "agent:1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"a: [", "not one document of YAML"),
        (b"a: 1\n---\nb: 2\n", "not one document of YAML"),
        (b"\xff\xfe\x00", "not one document of YAML"),
        (b"!!python/object:os.system {}", "not one document of YAML"),
        (b"x" * 300_000, "larger than"),
        (b"kind: Job", "not a Job of batch/v1"),
    ],
)
def test_a_file_that_is_no_template_is_named_with_its_flaw(
    tmp_path: Path, text: bytes, problem: str
) -> None:
    path = tmp_path / "job.yaml"
    path.write_bytes(text)

    with pytest.raises(CommandError, match=rf"job\.yaml.*{problem}"):
        read_template(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        read_template(tmp_path / "nothing.yaml")
