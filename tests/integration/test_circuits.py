"""Circuits in DynamoDB: one probe however many come, and nothing written while all goes well."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest

from signalbox.aws.circuits import DynamoCircuits
from signalbox.aws.dynamo_table import Table
from signalbox.aws.protocols import DynamoApi
from signalbox.models.circuit import PROBE_FOR, Circuit, CircuitState, begin_probe, opened
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.notifications.circuits import CallAllowed, CircuitBreakers
from tests.builders import NOW
from tests.contract.circuits import MINUTE, OPEN, TEAM, CircuitStoreContract, fail
from tests.fakes.clock import FakeClock
from tests.integration.atomic import one_at_a_time
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Crash,
    Faults,
    broken,
    crash_after,
    crash_before,
    lost_answer,
    throttled,
    unreachable,
)
from tests.integration.installation import Installation

PUT = "DynamoDB.PutItem"
CRASHES = pytest.mark.parametrize("crash", [crash_before, crash_after])


@pytest.fixture
def table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("StateTable"))


class TestDynamoCircuits(CircuitStoreContract):
    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoCircuits:
        return DynamoCircuits(table=table, clock=clock)

    def test_of_twenty_at_once_one_probes(
        self, process: Callable[[], CircuitBreakers], clock: FakeClock
    ) -> None:
        fail(process(), 5)
        clock.advance(MINUTE)
        processes = [process() for _ in range(20)]

        with one_at_a_time(), ThreadPoolExecutor(20) as pool:
            ways = list(pool.map(lambda each: each.admit(TEAM), processes))

        assert [type(way) for way in ways].count(CallAllowed) == 1

    def test_a_write_whose_answer_was_lost_is_known_again(
        self, process: Callable[[], CircuitBreakers], clock: FakeClock, faults: Faults
    ) -> None:
        opening = process()
        faults.on(PUT, lost_answer)
        fail(opening, 5)
        clock.advance(MINUTE)
        faults.on(PUT, lost_answer)

        way = process().admit(TEAM)

        assert isinstance(way, CallAllowed)
        assert way.probe
        assert faults.count(PUT) == 4

    def test_somebody_elses_write_is_not_taken_for_ours(
        self, store: DynamoCircuits, faults: Faults
    ) -> None:
        store.replace(TEAM, Circuit(), OPEN)
        faults.on(PUT, lost_answer)

        with pytest.raises(WriteConflict):
            store.replace(TEAM, Circuit(), opened(Circuit(), NOW, Random(8)))

    @CRASHES
    def test_whichever_write_of_a_probe_dies_another_one_probes(
        self,
        process: Callable[[], CircuitBreakers],
        store: DynamoCircuits,
        clock: FakeClock,
        faults: Faults,
        crash: Action,
    ) -> None:
        fail(process(), 5)
        clock.advance(MINUTE)
        faults.on(PUT, crash)
        with pytest.raises(Crash):
            process().admit(TEAM)
        clock.advance(PROBE_FOR)
        dying = process()
        way = dying.admit(TEAM)
        assert isinstance(way, CallAllowed)
        faults.on(PUT, crash)
        with pytest.raises(Crash):
            dying.record(way, answered=True)

        for _ in range(2):
            clock.advance(PROBE_FOR)
            probe(process())

        assert store.get(TEAM).state is CircuitState.CLOSED

    def test_a_read_is_cheap_and_a_healthy_circuit_is_not_written(
        self, process: Callable[[], CircuitBreakers], faults: Faults, clock: FakeClock
    ) -> None:
        healthy = process()
        for _ in range(20):
            way = healthy.admit(TEAM)
            assert isinstance(way, CallAllowed)
            healthy.record(way, answered=True)
            clock.advance(seconds=0.2)

        assert faults.operations == ["DynamoDB.GetItem"] * 2
        assert not any(json.loads(call.body)["ConsistentRead"] for call in faults.calls)

    def test_all_circuits_are_one_read(self, store: DynamoCircuits, faults: Faults) -> None:
        store.replace(TEAM, Circuit(), OPEN)
        faults.clear()

        store.batch_get([TEAM, *(type(TEAM)(f"c-{number}") for number in range(50))])

        assert faults.operations == ["DynamoDB.BatchGetItem"]

    def test_a_record_goes_after_a_week(self, store: DynamoCircuits, table: Table) -> None:
        store.replace(TEAM, Circuit(), OPEN)

        item = table.get({"pk": {"S": "CIRCUIT#team-slack"}}) or {}

        assert int(item["ttl"]["N"]) == int((NOW + timedelta(days=7)).timestamp())

    def test_a_record_of_another_version_is_left_out_and_stops_nobody(
        self, store: DynamoCircuits, table: Table, process: Callable[[], CircuitBreakers]
    ) -> None:
        table.put(
            {"pk": {"S": "CIRCUIT#team-slack"}, "version": {"N": "1"}, "doc": {"S": '{"v": 9}'}}
        )

        assert store.batch_get([TEAM]) == {}
        with pytest.raises(Unavailable):
            store.get(TEAM)
        assert process().admit(TEAM) == CallAllowed(connection=TEAM)

    @pytest.mark.parametrize("trouble", [throttled, broken, unreachable])
    def test_a_table_that_is_down_is_unavailable(
        self, store: DynamoCircuits, faults: Faults, trouble: Action
    ) -> None:
        for operation in ("GetItem", "BatchGetItem", "PutItem"):
            faults.on(f"DynamoDB.{operation}", trouble, times=3)

        with pytest.raises(Unavailable):
            store.get(TEAM)
        with pytest.raises(Unavailable):
            store.batch_get([TEAM])
        with pytest.raises(Unavailable):
            store.replace(TEAM, OPEN, begin_probe(OPEN, NOW))


def probe(process: CircuitBreakers) -> None:
    """A call that is heard."""
    way = process.admit(TEAM)
    assert isinstance(way, CallAllowed)
    process.record(way, answered=True)


def test_slack_that_is_down_opens_the_circuit_until_it_is_back(box: Installation) -> None:
    for number in range(8):
        box.comment(f"/agent do {number}", delivery=f"d-{number}")
    box.faults.on("HTTP.POST", unreachable, times=9)

    box.live()

    notes = box.records[1]
    assert [note.status for note in notes] == [NotificationStatus.DELIVERED] * 8
    assert box.slack.notifications().total() == 8
    table = Table(client=box.stack.clients.dynamodb, name=box.stack.name("StateTable"))
    assert DynamoCircuits(table=table, clock=box.clock).get(TEAM).version > 3
    assert sum(note.number for note in notes) == 8 + 9
