import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.deploy import DEFAULT_PARAMETERS, SamCommand, main, plan_commands
from cli.errors import CommandError
from cli.target import PROJECT
from tests.integration.template import template

NO_VARIABLES: Mapping[str, str] = {}
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
REVISION = "Revision=20261128T093000Z"


def commands(
    folder: Path,
    *words: str,
    stage: Sequence[str] = (),
    environment: Mapping[str, str] = NO_VARIABLES,
) -> tuple[SamCommand, SamCommand]:
    """What is run where samconfig.toml says this of the stage."""
    path = folder / "samconfig.toml"
    path.write_text(f"[prod.deploy.parameters]\nparameter_overrides = {list(stage)}\n")
    return plan_commands(path, "prod", words, environment, NOW)


def params(command: SamCommand) -> list[str]:
    """The parameters that a command is given."""
    return list(command.words[command.words.index("--parameter-overrides") + 1 :])


def test_build_and_deploy_are_told_the_same(tmp_path: Path) -> None:
    environment = {"PYTHON_RUNTIME": "python3.12", "ARCHITECTURE": "x86_64"}

    build, deploy = commands(tmp_path, environment=environment)

    assert build.variables == deploy.variables == environment
    assert params(build) == params(deploy)
    assert params(build)[1:] == ["PythonRuntime=python3.12", "Architecture=x86_64"]


def test_what_nobody_says_is_told_all_the_same(tmp_path: Path) -> None:
    build, deploy = commands(tmp_path)

    assert build.variables == {"PYTHON_RUNTIME": "python3.13", "ARCHITECTURE": "arm64"}
    assert params(deploy) == [REVISION, "PythonRuntime=python3.13", "Architecture=arm64"]


def test_the_list_of_the_stage_stays_whole(tmp_path: Path) -> None:
    stage = ["KeyEnvironment=live", "PythonRuntime=python3.12"]

    build, deploy = commands(tmp_path, stage=stage)

    assert build.variables["PYTHON_RUNTIME"] == "python3.12"
    assert params(deploy) == [
        "KeyEnvironment=live",
        REVISION,
        "PythonRuntime=python3.12",
        "Architecture=arm64",
    ]


def test_a_variable_goes_before_what_the_stage_says(tmp_path: Path) -> None:
    build, deploy = commands(
        tmp_path,
        stage=["PythonRuntime=python3.12"],
        environment={"PYTHON_RUNTIME": "python3.11"},
    )

    assert build.variables["PYTHON_RUNTIME"] == "python3.11"
    assert params(deploy)[1] == "PythonRuntime=python3.11"


def test_parameters_that_are_given_stand_in_place_of_the_list(tmp_path: Path) -> None:
    build, deploy = commands(
        tmp_path,
        "--guided",
        "--parameter-overrides",
        "LogLevel=DEBUG",
        "Architecture=x86_64",
        "--no-confirm-changeset",
        stage=["KeyEnvironment=live", "PythonRuntime=python3.12"],
    )

    assert build.variables == {"PYTHON_RUNTIME": "python3.12", "ARCHITECTURE": "x86_64"}
    assert params(deploy) == [
        "LogLevel=DEBUG",
        REVISION,
        "PythonRuntime=python3.12",
        "Architecture=x86_64",
    ]
    assert deploy.words[:5] == (
        "deploy",
        "--config-env",
        "prod",
        "--guided",
        "--no-confirm-changeset",
    )


def test_each_deploy_is_another_revision_unless_one_is_given(tmp_path: Path) -> None:
    _, timed = commands(tmp_path)
    _, given = commands(tmp_path, "--parameter-overrides", "Revision=release-7")

    assert REVISION in params(timed)
    assert [word for word in params(given) if "Revision" in word] == ["Revision=release-7"]


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("PythonRuntime=python3.12", "PYTHON_RUNTIME says python3.11"),
        ("ParameterKey=PythonRuntime,ParameterValue=python3.11", "NAME=VALUE"),
        ("LogLevel=DEBUG PythonRuntime=python3.11", "NAME=VALUE"),
        ("file://parameters.yaml", "NAME=VALUE"),
    ],
)
def test_what_could_make_them_disagree_is_refused(
    tmp_path: Path, word: str, complaint: str
) -> None:
    environment = {"PYTHON_RUNTIME": "python3.11"}

    with pytest.raises(CommandError, match=complaint):
        commands(tmp_path, "--parameter-overrides", word, environment=environment)


def test_a_stage_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text('[prod.deploy.parameters]\nparameter_overrides = "A=1 B=2"\n')

    with pytest.raises(CommandError, match=r"prod in samconfig\.toml"):
        plan_commands(path, "prod", (), {}, NOW)


def test_the_defaults_are_those_of_the_template() -> None:
    parameters = template().parameters

    assert {name: parameters[name].default for name in DEFAULT_PARAMETERS} == DEFAULT_PARAMETERS


def test_nothing_is_deployed_that_was_not_built() -> None:
    asked: list[SamCommand] = []

    def fails(command: SamCommand) -> int:
        asked.append(command)
        return 3

    assert main(["staging"], {}, run=fails) == 3
    assert [command.words[0] for command in asked] == ["build"]


def test_make_deploys_by_it() -> None:
    makefile = (PROJECT / "Makefile").read_text()

    assert "-m cli.deploy $(STAGE) $(ARGS)" in makefile


def test_sam_expands_the_loops_of_the_template_in_every_stage() -> None:
    stages = tomllib.loads((PROJECT / "samconfig.toml").read_text())
    del stages["version"]

    expanding = {
        name
        for name, commands in stages.items()
        if commands["global"]["parameters"]["language_extensions"] is True
    }

    assert expanding == stages.keys() >= {"default", "local", "staging", "prod"}


def test_a_stage_on_aws_may_be_deployed_with_its_transforms() -> None:
    stages = tomllib.loads((PROJECT / "samconfig.toml").read_text())

    for name in ("staging", "prod"):
        capabilities = stages[name]["deploy"]["parameters"]["capabilities"]
        assert capabilities == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
