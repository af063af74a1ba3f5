"""The command line, as a person runs it: against what is served here, or a stack in moto."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from typer.main import get_command
from typer.testing import CliRunner

from cli.main import app
from cli.stack import Stack, describe_stack
from tests.commands.served import Served, serve

STACK = "signalbox-test"
REGION = "us-east-1"
TRUSTED = "http://127.0.0.1:9"

_TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    },
}
_TEMPLATE = {
    "Parameters": {"TrustedOrigins": {"Type": "String"}},
    "Resources": {"ConfigTable": _TABLE, "AuditTable": _TABLE},
    "Outputs": {
        "ApiUrl": {"Value": "https://api.example.com"},
        "KeyEnvironment": {"Value": "test"},
        "ParameterPrefix": {"Value": f"/signalbox/{STACK}"},
        "ConfigTable": {"Value": {"Ref": "ConfigTable"}},
        "AuditTable": {"Value": {"Ref": "AuditTable"}},
    },
}


_command_of = cache(get_command)
"""Typer would look through the signatures of all commands for each."""


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """Runs `signalbox` with the same first options each time."""

    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, given: str = "") -> CommandResult:
        with patch("typer.testing._get_command", _command_of):
            result = CliRunner().invoke(
                app, [*self.options, *words], input=given, env=dict(self.environment)
            )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return CommandResult(code=result.exit_code, out=result.stdout, err=result.stderr)


@pytest.fixture(autouse=True)
def nothing_of_the_users_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STAGE", "STACK", "PROFILE", "REGION", "URL", "API_KEY", "HOME"):
        monkeypatch.delenv(f"SIGNALBOX_{name}", raising=False)
    for name in ("AWS_PROFILE", "SIGNALBOX_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "CRITICAL")  # a command's output is its own
    with serve(monkeypatch) as served:
        yield served


@pytest.fixture
def signalbox(served: Served) -> CommandLine:
    """Speaks with what is served, by its address and key."""
    return CommandLine(options=["--url", served.url], environment={"SIGNALBOX_API_KEY": served.key})


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        session = boto3.Session(region_name=REGION)
        session.client("cloudformation").create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(_TEMPLATE),
            Parameters=[{"ParameterKey": "TrustedOrigins", "ParameterValue": TRUSTED}],
        )
        yield describe_stack(session, STACK)


@pytest.fixture
def on_aws(stack: Stack) -> CommandLine:
    """Speaks with the stack in moto, by its name."""
    return CommandLine(options=["--stack", stack.name, "--region", REGION])
