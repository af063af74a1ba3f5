"""The files of deploy/ and the Containerfile fit their schemas, and each other."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from cli.target import PROJECT

CONTAINERFILE: Final = (PROJECT / "Containerfile").read_text()
COMPOSE: Final = PROJECT / "deploy" / "compose.yaml"
KUBERNETES: Final = PROJECT / "deploy" / "kubernetes"
OLDEST, NEWEST = "1.31", "1.34"
HADOLINT: Final = shutil.which("hadolint", path=Path(sys.executable).parent)


def manifests() -> Iterator[dict[str, Any]]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text())


MANIFESTS: Final = {f"{each['kind']} {each['metadata']['name']}": each for each in manifests()}
DEPLOYMENTS: Final = [name for name in MANIFESTS if name.startswith("Deployment ")]


def compose_errors(document: object) -> list[str]:
    """What does not fit the schema of compose-spec, as check-jsonschema has it.

    Its own command needs another version of click.
    """
    vendored = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
    path = Path(str(distribution("check-jsonschema").locate_file(vendored)))
    validator = Draft202012Validator(json.loads(path.read_text()))
    return [error.message for error in validator.iter_errors(document)]


def test_compose_fits_its_schema() -> None:
    document = yaml.safe_load(COMPOSE.read_text())
    misspelt = {**document, "services": {"hello": {"read_onyl": True}}}

    assert compose_errors(document) == []
    assert "read_onyl" in "".join(compose_errors(misspelt))


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_fits_the_schemas_of_kubernetes(name: str, version: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


def test_the_kustomization_has_every_manifest() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}

    assert set(kustomization["resources"]) == files


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no wheel for this platform")
def test_hadolint_accepts_the_containerfile() -> None:
    assert HADOLINT
    command = [HADOLINT, "--failure-threshold", "style", str(PROJECT / "Containerfile")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own file

    assert (done.stdout, done.returncode) == ("", 0)


def test_the_image_has_the_uv_of_the_lock_file() -> None:
    lock = (PROJECT / "uv.lock").read_text()
    locked = re.search(r'^name = "uv"\nversion = "(.+)"$', lock, re.MULTILINE)
    installed = re.search(r"\buv==(\S+)", CONTAINERFILE)

    assert locked
    assert installed
    assert installed[1] == locked[1]


def test_the_image_gets_what_is_copied_into_it() -> None:
    sent = {
        line[1:]
        for line in (PROJECT / ".containerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
        for word in line.split()
    }

    assert copied == sent
    assert all((PROJECT / name).exists() for name in sent)


def test_the_image_is_not_run_by_root() -> None:
    (user,) = re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE)

    assert user == "10001:10001"
    for name in DEPLOYMENTS:
        pod = MANIFESTS[name]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsUser"] == 10001


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_pod_ends_after_its_server(name: str) -> None:
    pod = MANIFESTS[name]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    words = container["args"]
    seconds = sum(int(words[words.index(option) + 1]) for option in ("--drain", "--grace"))

    assert pod["terminationGracePeriodSeconds"] > seconds + 10


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_container_has_no_rights_that_it_does_not_need(name: str) -> None:
    (container,) = MANIFESTS[name]["spec"]["template"]["spec"]["containers"]

    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_selectors_find_the_pods_of_their_deployment() -> None:
    of_pods = {
        name: MANIFESTS[name]["spec"]["template"]["metadata"]["labels"] for name in DEPLOYMENTS
    }
    label = "app.kubernetes.io/component"
    selectors = [
        MANIFESTS["Service signalbox"]["spec"]["selector"],
        MANIFESTS["PodDisruptionBudget signalbox-http"]["spec"]["selector"]["matchLabels"],
        MANIFESTS["PodDisruptionBudget signalbox-workers"]["spec"]["selector"]["matchLabels"],
        *(MANIFESTS[name]["spec"]["selector"]["matchLabels"] for name in DEPLOYMENTS),
    ]

    assert {labels[label] for labels in of_pods.values()} == {"http", "workers"}
    assert [selector[label] for selector in selectors] == [
        "http",
        "http",
        "workers",
        "http",
        "workers",
    ]


def test_the_services_of_compose_are_in_the_manifest_and_in_the_trusted_network() -> None:
    compose = yaml.safe_load(COMPOSE.read_text())
    manifest = yaml.safe_load((PROJECT / "deploy" / "examples" / "signalbox.yaml").read_text())
    hosts = {
        instance["url"].split("/")[2].partition(":")[0]
        for service in manifest["services"]
        for instance in service["instances"]
    }
    (subnet,) = (each["subnet"] for each in compose["networks"]["default"]["ipam"]["config"])

    assert hosts == {"hello", "orders"}
    assert hosts < compose["services"].keys()
    assert any(subnet in word for word in compose["services"]["signalbox"]["command"])
