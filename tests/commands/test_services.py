import json
import signal
from collections.abc import Iterator

import pytest

from signalbox.aws.instance_health import DynamoInstanceHealth
from signalbox.models.health_check import HealthCheck
from signalbox.models.instance_health import CheckResult
from signalbox.services.gateway.health import RecordChecks
from tests.builders import a_service
from tests.commands.conftest import CommandLine
from tests.commands.served import Served

URL = "https://n.example.com"


@pytest.fixture(autouse=True)
def _configured(served: Served) -> None:
    served.wiring.config.put(a_service(self_registration=True))


def test_an_instance_is_registered_listed_and_deregistered(signalbox: CommandLine) -> None:
    made = signalbox("services", "register", "orders", "n", URL, "--weight", "2", "--ttl", "60")
    listed = signalbox("services", "instances", "orders")
    removed = signalbox("services", "deregister", "orders", "n")
    after = signalbox("services", "instances", "orders", "--json")

    assert (made.code, removed.code) == (0, 0)
    assert URL in made.out
    rows = [line.split()[:4] for line in listed.out.splitlines()[1:]]
    assert rows == [
        ["a", "https://a.example.com", "1", "healthy"],
        ["n", URL, "2", "healthy"],
    ]
    assert [row["id"] for row in json.loads(after.out)["items"]] == ["a"]


@pytest.fixture
def _own_signals() -> Iterator[None]:
    """Restores what the command does with signals, as it runs in this process."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_own_signals")
def test_an_instance_is_registered_while_a_command_runs_whose_exit_code_is_returned(
    signalbox: CommandLine, served: Served
) -> None:
    arguments = ("services", "register", "orders", "n", URL)

    kept = signalbox(*arguments, "--keep", "--", "sleep 0.5; exit 7")
    refused = signalbox(*arguments, "--", "true")
    after = signalbox("services", "instances", "orders", "--json")

    assert (kept.code, refused.code) == (7, 2)
    assert URL in kept.out
    assert [row["id"] for row in json.loads(after.out)["items"]] == ["a"]
    assert served.wiring.registrations.of_service("orders") == []


def test_what_changed_is_shown_below_the_instances(served: Served, signalbox: CommandLine) -> None:
    wired = served.wiring
    record = RecordChecks(
        store=DynamoInstanceHealth(table=wired.state_table, clock=wired.clock), clock=wired.clock
    )
    failed = CheckResult(instance="a", passed=False, reason="status 503")
    record("orders", ["a"], [failed], HealthCheck(unhealthy_threshold=1))

    result = signalbox("services", "instances", "orders")

    assert result.out.splitlines()[1].split()[3] == "unhealthy"
    assert "a unhealthy: status 503" in result.err


def test_what_the_api_refuses_is_an_error_with_its_reason(signalbox: CommandLine) -> None:
    result = signalbox("services", "register", "orders", "a", URL)

    assert result.code == 1
    assert "the instance a is configured" in result.err
