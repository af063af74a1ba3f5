"""`/health` says that we are there, `/ready` that all we need is."""

import pytest

from tests.functions.system import System
from tests.integration.aws import clients
from tests.integration.faults import Faults, unreachable

TABLES = {
    "tasks": "tasks_table",
    "config": "config_table",
    "deliveries": "deliveries_table",
    "audit": "audit_table",
}
QUEUES = [
    f"queue_{priority}{kind}"
    for priority in ("high", "normal", "low")
    for kind in ("", "_dead_letters")
]


def without_table(system: System, setting: str) -> None:
    clients().dynamodb.delete_table(TableName=getattr(system.wiring.settings, setting))


def unready(system: System) -> list[str]:
    """What did not answer."""
    answer = system.ask("GET", "/ready")
    assert (answer.status, answer.json_body["status"]) == (503, "unavailable")
    return [name for name, answered in answer.part("checks").items() if not answered]


def test_health_asks_nothing_of_aws(system: System, faults: Faults) -> None:
    answer = system.ask("GET", "/health")

    assert (answer.status, faults.operations) == (200, [])


def test_health_is_well_while_nothing_of_aws_answers(system: System) -> None:
    for setting in (*TABLES.values(), "state_table"):
        without_table(system, setting)

    assert system.ask("GET", "/health").status == 200


@pytest.mark.parametrize("name", TABLES)
def test_we_are_not_ready_without_a_table(system: System, name: str) -> None:
    without_table(system, TABLES[name])

    assert unready(system) == [name]


def test_we_are_not_ready_without_the_table_that_counts_who_asks(system: System) -> None:
    without_table(system, "state_table")

    assert system.ask("GET", "/ready").status == 503


@pytest.mark.parametrize("setting", QUEUES)
def test_we_are_not_ready_without_a_queue(system: System, setting: str) -> None:
    clients().sqs.delete_queue(QueueUrl=getattr(system.wiring.settings, setting))

    assert unready(system) == ["queues"]


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("DynamoDB.GetItem", ["tasks", "config", "deliveries", "state", "audit"]),
        ("SQS.GetQueueAttributes", ["queues", "connectors"]),
    ],
)
def test_we_are_ready_again_when_what_was_out_of_reach_answers(
    system: System, faults: Faults, operation: str, names: list[str]
) -> None:
    faults.on(operation, unreachable, times=100)
    missing = unready(system)
    faults.clear()

    again = system.ask("GET", "/ready")

    assert (missing, again.status) == (names, 200)
