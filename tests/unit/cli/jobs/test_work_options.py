import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app


def work(*options: str) -> tuple[int, str]:
    """The exit code, and what is printed."""
    target = ("--url", "http://127.0.0.1:9", "--key", "x")
    result = CliRunner().invoke(app, [*target, "work", *options])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "job.yaml"
    container = {"name": "agent", "image": "agent:1"}
    spec = {"template": {"spec": {"containers": [container]}}}
    path.write_text(yaml.safe_dump({"apiVersion": "batch/v1", "kind": "Job", "spec": spec}))
    return path


@pytest.mark.parametrize("options", [(), ("--kubernetes", "job.yaml", "--", "true")])
def test_a_worker_has_either_a_command_or_a_template(options: tuple[str, ...]) -> None:
    code, output = work(*options)

    assert code == 2
    assert "a command after --, or --kubernetes" in output


def test_a_template_that_is_not_there_is_an_error() -> None:
    assert work("--kubernetes", "/nowhere/job.yaml") == (
        1,
        "signalbox: /nowhere/job.yaml: No such file or directory",
    )


def test_a_worker_without_a_cluster_ends_before_it_claims(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")

    code, output = work("--kubernetes", str(template))

    assert code == 1
    assert "no cluster" in output


def test_a_cluster_that_does_not_answer_is_unreachable(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        """
        current-context: dev
        clusters: [{name: kind, cluster: {server: "http://127.0.0.1:9"}}]
        contexts: [{name: dev, context: {cluster: kind, user: me}}]
        users: [{name: me, user: {token: secret}}]
        """
    )
    monkeypatch.setenv("KUBECONFIG", str(config))

    code, output = work("--kubernetes", str(template), "--once")

    assert code == 3
    assert output == "signalbox: Kubernetes did not answer (ConnectError)"


def test_without_its_client_the_command_names_the_group_to_install(
    template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("cli.jobs", "lightkube"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lightkube", None)

    code, output = work("--kubernetes", str(template))

    assert code == 1
    assert output == (
        "signalbox: lightkube is not installed: `uv sync --group kubernetes` installs it"
    )
