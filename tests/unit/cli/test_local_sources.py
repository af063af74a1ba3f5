from dataclasses import replace
from pathlib import Path

import pytest

from cli.local.options import LocalOptions
from cli.local.sam import Sam


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path in ("template.yaml", "functions/api/app.py", "layers/shared/signalbox/a.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("one")
    return tmp_path


def fingerprint(project: Path, **parameters: str) -> str:
    return Sam(options=LocalOptions(project=project), parameters=parameters).fingerprint()


@pytest.mark.parametrize(
    "path", ["template.yaml", "functions/api/app.py", "layers/shared/signalbox/a.py"]
)
def test_a_changed_source_has_to_be_deployed(project: Path, path: str) -> None:
    before = fingerprint(project)

    (project / path).write_text("two")

    assert fingerprint(project) != before


def test_a_file_with_a_new_name_has_to_be_deployed(project: Path) -> None:
    before = fingerprint(project)

    (project / "functions/api/app.py").rename(project / "functions/api/other.py")

    assert fingerprint(project) != before


def test_changed_parameters_have_to_be_deployed(project: Path) -> None:
    assert fingerprint(project, LogLevel="INFO") != fingerprint(project, LogLevel="DEBUG")


def test_bytecode_and_what_is_elsewhere_need_no_deploy(project: Path) -> None:
    before = fingerprint(project)

    (project / "functions/api/__pycache__").mkdir()
    (project / "functions/api/__pycache__/app.pyc").write_text("x")
    (project / "README.md").write_text("x")

    assert fingerprint(project) == before


def test_the_home_of_the_stack_changes_nothing(project: Path, tmp_path: Path) -> None:
    options = LocalOptions(project=project)
    elsewhere = replace(options, home=tmp_path / "home")

    first = Sam(options=options, parameters={}).fingerprint()

    assert first == Sam(options=elsewhere, parameters={}).fingerprint()
