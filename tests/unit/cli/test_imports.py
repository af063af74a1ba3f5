"""What the commands load: those that speak with the API alone start without the AWS SDK."""

import subprocess
import sys
from typing import Final

import pytest

COMMANDS: Final = (
    "--help",
    "tasks list",
    "queue",
    "deliveries list",
    "notifications list",
    "connections list",
    "services list",
    "listen github --forward http://127.0.0.1:9",
    "metrics",
    "audit list",
    "work --once -- true",
)
PROGRAM: Final = """
import os, sys
from cli.main import app

heavy = {
    "boto3", "botocore", "aws_lambda_powertools", "moto", "samcli", "cryptography", "lightkube"
}
for command in sys.argv[1:]:
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        app(["--url", "http://127.0.0.1:9", "--key", "x", *command.split()])
    except SystemExit as end:
        loaded = sorted(heavy & sys.modules.keys())
        os.write(output, f"{end.code} {loaded}\\n".encode())
    os._exit(0)
"""


@pytest.fixture(scope="module")
def ends() -> dict[str, str]:
    """The exit code of each command, and what it has loaded of the heavy packages.

    Each is a fork of a process that has loaded the command line.
    """
    done = subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-c", PROGRAM, *COMMANDS], capture_output=True, text=True, check=True
    )
    return dict(zip(COMMANDS, done.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_api_does_not_load_the_aws_sdk(ends: dict[str, str], command: str) -> None:
    unreachable = "0 []" if command == "--help" else "3 []"
    assert ends[command] == unreachable
