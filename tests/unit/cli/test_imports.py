"""What the commands load: those that speak with the API alone start without the AWS SDK."""

import subprocess
import sys

import pytest

HEAVY = ("boto3", "botocore", "aws_lambda_powertools", "moto", "samcli", "cryptography")


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["tasks", "list"],
        ["queue"],
        ["deliveries", "list"],
        ["notifications", "list"],
        ["connections", "list"],
        ["services", "list"],
        ["listen", "github", "--forward", "http://127.0.0.1:9"],
        ["metrics"],
        ["audit", "list"],
        ["work", "--once", "--", "true"],
    ],
    ids=" ".join,
)
def test_a_command_of_the_api_does_not_load_the_aws_sdk(words: list[str]) -> None:
    script = (
        "import sys\n"
        "from cli.main import app\n"
        "try:\n"
        f"    app({['--url', 'http://127.0.0.1:9', '--key', 'x', *words]!r})\n"
        "except SystemExit as end:\n"
        f"    loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "    print(end.code, loaded, file=sys.stderr)\n"
    )

    done = subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    unreachable = "0 []" if words == ["--help"] else "3 []"
    assert done.stderr.splitlines()[-1] == unreachable
