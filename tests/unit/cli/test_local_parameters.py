import sys
from pathlib import Path

from cli.local.parameters import build_variables, python_runtime, stack_parameters
from cli.target import PROJECT


def samconfig(folder: Path, text: str) -> Path:
    path = folder / "samconfig.toml"
    path.write_text(text)
    return path


def test_the_local_stage_is_completed_by_what_this_machine_is(tmp_path: Path) -> None:
    written = samconfig(
        tmp_path, '[local.deploy.parameters]\nparameter_overrides = ["A=1", "B=x=y"]\n'
    )

    parameters = stack_parameters(written, {})

    assert parameters["A"] == "1"
    assert parameters["B"] == "x=y"
    assert parameters["PythonRuntime"] == f"python3.{sys.version_info.minor}"
    assert parameters["Architecture"] in {"arm64", "x86_64"}


def test_what_the_caller_says_wins(tmp_path: Path) -> None:
    written = samconfig(tmp_path, '[local.deploy.parameters]\nparameter_overrides = ["A=1"]\n')

    parameters = stack_parameters(written, {"A": "2", "PythonRuntime": "python3.12"})

    assert parameters["A"] == "2"
    assert parameters["PythonRuntime"] == "python3.12"


def test_a_project_without_a_local_stage_has_the_machine_only(tmp_path: Path) -> None:
    parameters = stack_parameters(samconfig(tmp_path, "version = 0.1\n"), {})

    assert set(parameters) == {"PythonRuntime", "Architecture"}


def test_the_local_stage_of_this_project_can_be_deleted_again() -> None:
    parameters = stack_parameters(PROJECT / "samconfig.toml", {})

    assert parameters["RetainPolicy"] == "Delete"
    assert parameters["DeletionProtection"] == "false"
    assert parameters["KeyEnvironment"] == "test"


def test_the_layer_is_built_for_the_parameters_and_the_interpreter_at_hand() -> None:
    variables = build_variables({"PythonRuntime": python_runtime(), "Architecture": "arm64"})

    assert variables["PYTHON_RUNTIME"] == python_runtime()
    assert variables["ARCHITECTURE"] == "arm64"
    assert Path(variables["LOCAL_PYTHON"]).exists()
