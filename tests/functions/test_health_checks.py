"""The function that checks instances, over a stack in moto, with an instance on loopback."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.models.health_check import HealthCheck
from signalbox.runtime.health_checks import health_checks
from tests.builders import a_service, an_instance
from tests.fakes.context import FakeContext
from tests.fakes.raw_server import RawServer
from tests.functions.system import System
from tests.integration.faults import Faults, unreachable

Handler = Callable[[dict[str, JsonValue], LambdaContext], None]


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer().running() as server:
        yield server


@pytest.fixture
def handler(system: System) -> Handler:
    settings = system.wiring.settings.model_copy(update={"gateway_networks": "127.0.0.0/8"})
    system.wiring.settings = settings
    return health_checks(system.wiring)


def a_minute(system: System, handler: Handler) -> float:
    """One run of the schedule, and the seconds that it took."""
    before = system.clock()
    event: dict[str, JsonValue] = {"time": before.isoformat()}
    handler(event, FakeContext(system.clock, timeout=58))
    return (system.clock() - before).total_seconds()


def configured(system: System, url: str, **check: object) -> None:
    instance, check_ = an_instance(url=url), HealthCheck.model_validate(check)
    system.wiring.config.put(a_service(instances=(instance,), health_check=check_))
    system.wiring.config.invalidate()


def state(system: System) -> str:
    response = system.ask("GET", "/api/v1/services/orders/instances", key=system.key("operator"))
    return str(response.items[0]["state"])


def test_an_instance_is_checked_twice_in_a_minute_thirty_seconds_apart(
    system: System, server: RawServer, handler: Handler
) -> None:
    configured(system, server.url)

    seconds = a_minute(system, handler)

    assert (len(server.received), seconds) == (2, 30)


def test_an_instance_that_does_not_answer_is_shown_as_unhealthy_with_its_reason(
    system: System, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    configured(system, "http://127.0.0.1:1", unhealthy_threshold=2)

    a_minute(system, handler)

    records = [record.__dict__ for record in caplog.records]
    changes = [record for record in records if record["message"] == "instance health"]
    assert [(line["event"], line["instance"]) for line in changes] == [
        ("added", "a"),
        ("unhealthy", "a"),
    ]
    assert "no connection" in str(changes[-1]["reason"])
    assert state(system) == "unhealthy"


def test_nobody_waits_for_a_pass_that_checks_nothing(system: System, handler: Handler) -> None:
    system.wiring.config.put(a_service())

    assert a_minute(system, handler) == 0


def test_a_run_that_begins_late_does_not_wait_longer(
    system: System, server: RawServer, handler: Handler
) -> None:
    configured(system, server.url)
    late: dict[str, JsonValue] = {"time": (system.clock() - timedelta(seconds=20)).isoformat()}
    before = system.clock()

    handler(late, FakeContext(system.clock, timeout=58))

    assert (len(server.received), (system.clock() - before).total_seconds()) == (2, 10)


@pytest.mark.parametrize("event", [{}, {"time": "yesterday"}, {"time": "2026-01-01T00:00:00"}])
def test_an_event_without_a_time_is_one_of_now(
    system: System, server: RawServer, handler: Handler, event: dict[str, JsonValue]
) -> None:
    configured(system, server.url)

    handler(event, FakeContext(system.clock, timeout=58))

    assert len(server.received) == 2


def test_tables_that_do_not_answer_are_counted_for_an_alarm(
    system: System, handler: Handler, faults: Faults, capsys: pytest.CaptureFixture[str]
) -> None:
    faults.on("DynamoDB.Query", unreachable, times=100)

    a_minute(system, handler)

    assert '"HealthNotChecked":[1.0]' in capsys.readouterr().out
