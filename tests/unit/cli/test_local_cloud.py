import socket
import subprocess
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.local.cloud import require_ports_free
from cli.local.environment import clean_environment
from cli.local.interpreter import make_clean_interpreter
from cli.local.options import free_ports, isolated_options
from cli.target import PROJECT


def importable(interpreter: Path, module: str) -> bool:
    command = [str(interpreter), "-c", f"import {module}"]
    done = subprocess.run(command, cwd="/", check=False, capture_output=True)  # noqa: S603 -- ours
    return done.returncode == 0


def test_functions_can_import_the_sdk_and_nothing_else_of_ours(tmp_path: Path) -> None:
    interpreter = make_clean_interpreter(tmp_path / "runtime")

    assert importable(interpreter, "boto3, botocore, dateutil, jmespath, s3transfer, urllib3")
    for module in ("moto", "ministack", "pydantic", "aws_lambda_powertools", "signalbox", "cli"):
        assert not importable(interpreter, module)


def test_the_interpreter_can_be_made_again_in_its_place(tmp_path: Path) -> None:
    make_clean_interpreter(tmp_path / "runtime")

    assert importable(make_clean_interpreter(tmp_path / "runtime"), "boto3")


def test_nothing_of_the_users_shell_reaches_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "LOG_LEVEL", "PYTHONPATH", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")

    environment = clean_environment({"ONE": "1"})

    assert "mine" not in environment.values()
    assert environment["ONE"] == "1"
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert "PATH" in environment


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"port {port} is in use"):
            require_ports_free(port)


def test_free_ports_are_free_and_differ() -> None:
    ports = free_ports(3)

    require_ports_free(*ports)

    assert len(set(ports)) == 3


def test_an_isolated_stack_shares_nothing_with_the_usual_one(tmp_path: Path) -> None:
    options = isolated_options(tmp_path)

    assert options.home == tmp_path
    assert options.project == PROJECT
    assert not {options.port, options.echo_port, options.cloud_port} & {4600, 4601, 4602}
