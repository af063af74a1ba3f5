"""The files of deploy/kubernetes/worker fit the schemas, each other and the command."""

from collections.abc import Iterator
from typing import Any, Final

import kubernetes_validate
import msgspec
import pytest
import yaml

from cli.jobs.manifest import job_manifest, sample_lease, sample_task
from cli.jobs.names import JobScope
from cli.jobs.template import parse_template, read_template
from cli.target import PROJECT
from signalbox.models.ids import WorkerId
from tests.pages import all_blocks, parse_command

FOLDER: Final = PROJECT / "deploy" / "kubernetes" / "worker"
OTHERS: Final = {"kustomization.yaml", "job.yaml"}
SCOPE: Final = JobScope(base_url="https://signalbox.test", worker=WorkerId("signalbox-jobs-0"))


def manifests() -> Iterator[dict[str, Any]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name not in OTHERS:
            yield from yaml.safe_load_all(path.read_text())


MANIFESTS: Final = {each["kind"]: each for each in manifests()}
POD: Final = MANIFESTS["StatefulSet"]["spec"]["template"]["spec"]


def made_of(template: object) -> dict[str, Any]:
    """The Job that a worker creates of a template."""
    job = job_manifest(parse_template(template), sample_task(), sample_lease(), SCOPE)
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(job))
    return made


@pytest.mark.parametrize("version", ["1.31", "1.34"])
@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_manifest_of_the_worker_fits_the_schemas(kind: str, version: str) -> None:
    kubernetes_validate.validate(MANIFESTS[kind], version, strict=True)


def test_the_template_makes_a_job_that_fits_the_schemas() -> None:
    read_template(FOLDER / "job.yaml")

    made = made_of(yaml.safe_load((FOLDER / "job.yaml").read_text()))

    kubernetes_validate.validate(made, "1.34", strict=True)


def test_templates_in_the_documentation_make_jobs_that_fit_the_schemas() -> None:
    scripts = [block.text for block in all_blocks("sh") if "kind: Job" in block.text]

    assert scripts
    for script in scripts:
        text = script.partition("<<'EOF'\n")[2].partition("\nEOF\n")[0]
        kubernetes_validate.validate(made_of(yaml.safe_load(text)), "1.34", strict=True)


def test_the_kustomization_of_the_worker_has_every_file() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    files = {path.name for path in FOLDER.glob("*.yaml")} - OTHERS
    generated = {each["name"]: each for each in kustomization["configMapGenerator"]}

    assert set(kustomization["resources"]) == files
    assert generated["signalbox-job-template"]["files"] == ["job.yaml"]
    assert kustomization["namespace"] == MANIFESTS["Namespace"]["metadata"]["name"]


def test_what_the_worker_refers_to_exists() -> None:
    (container,) = POD["containers"]
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    generated = {each["name"] for each in kustomization["configMapGenerator"]}
    account = MANIFESTS["ServiceAccount"]["metadata"]["name"]
    (subject,) = MANIFESTS["RoleBinding"]["subjects"]

    assert {container["envFrom"][0]["configMapRef"]["name"]} < generated
    assert {POD["volumes"][0]["configMap"]["name"]} < generated
    assert POD["serviceAccountName"] == subject["name"] == account
    assert MANIFESTS["RoleBinding"]["roleRef"]["name"] == MANIFESTS["Role"]["metadata"]["name"]


def test_the_command_of_the_worker_can_be_read() -> None:
    (container,) = POD["containers"]

    parse_command(["signalbox", *container["args"]])

    assert int(container["args"][container["args"].index("--lease") + 1]) > (
        2 * POD["terminationGracePeriodSeconds"]
    ), "Jobs are adopted after a restart"


def test_the_pod_of_the_worker_is_restricted() -> None:
    (container,) = POD["containers"]

    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_network_policy_is_of_the_pods_of_tasks_and_not_of_the_worker() -> None:
    labels = MANIFESTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    of_worker = MANIFESTS["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    made = made_of(yaml.safe_load((FOLDER / "job.yaml").read_text()))

    assert labels.items() <= made["spec"]["template"]["metadata"]["labels"].items()
    assert not labels.items() <= of_worker.items()
