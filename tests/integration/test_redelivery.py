"""Missed deliveries in DynamoDB, and the function that requests them, of a GitHub that drops."""

from datetime import timedelta

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.protocols import DynamoApi
from signalbox.aws.redelivery import DynamoRedelivery
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.ids import delivery_id
from tests.builders import a_source
from tests.contract.redelivery import FIRST, MINE, OTHER, SECOND, RedeliveryStoreContract
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.integration.aws import Stack
from tests.integration.faults import (
    Faults,
    crash_after,
    crash_before,
    lost_answer,
    meanwhile,
    unreachable,
)
from tests.integration.installation import Installation, installed
from tests.integration.process import Process
from tests.integration.slack import FakeSlack


class TestDynamoRedelivery(RedeliveryStoreContract):
    @pytest.fixture
    def table(self, stack: Stack, dynamodb: DynamoApi) -> Table:
        return Table(client=dynamodb, name=stack.name("StateTable"))

    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoRedelivery:
        return DynamoRedelivery(table=table, clock=clock)

    def test_an_item_expires_a_month_after_its_last_write(
        self, store: DynamoRedelivery, table: Table, clock: FakeClock
    ) -> None:
        store.replace(MINE, FIRST)

        item = table.get({"pk": {"S": f"REDELIVERY#{MINE.key}"}})

        assert item
        expected = clock() + timedelta(days=30)
        assert item["ttl"] == {"N": str(int(expected.timestamp()))}

    def test_a_write_whose_answer_was_lost_is_recognised(
        self, store: DynamoRedelivery, faults: Faults
    ) -> None:
        store.replace(MINE, FIRST)
        faults.on("DynamoDB.PutItem", lost_answer)

        store.replace(MINE, SECOND)

        assert store.get(MINE) == SECOND

    def test_a_table_that_does_not_answer_is_unavailable(
        self, store: DynamoRedelivery, faults: Faults
    ) -> None:
        for operation in ("GetItem", "PutItem", "BatchGetItem"):
            faults.on(f"DynamoDB.{operation}", unreachable, times=9)

        with pytest.raises(Unavailable):
            store.get(MINE)
        with pytest.raises(Unavailable):
            store.replace(MINE, FIRST)
        with pytest.raises(Unavailable):
            store.batch_get([MINE])

    def test_a_record_of_another_version_is_no_reason_to_overwrite_it(
        self, store: DynamoRedelivery, table: Table
    ) -> None:
        table.put({"pk": {"S": f"REDELIVERY#{MINE.key}"}, "doc": {"S": "{}"}})
        store.replace(OTHER, FIRST)

        with pytest.raises(Unavailable, match="cannot be read"):
            store.get(MINE)
        assert store.batch_get([MINE, OTHER]) == {OTHER.key: FIRST}
        with pytest.raises(WriteConflict):
            store.replace(MINE, FIRST)

    def test_a_thousand_open_deliveries_with_long_ids_fit_into_an_item(
        self, store: DynamoRedelivery
    ) -> None:
        (one,) = SECOND.deliveries
        many = tuple(
            one.model_copy(update={"key": f"{number:0>128}", "attempt": 10**15 + number})
            for number in range(1_100)
        )
        full = FIRST.model_copy(update={"deliveries": many})

        store.replace(a_source(), full)

        assert len(full.model_dump_json().encode()) < 390_000


GUID = "missed"


def _repeats(box: Installation) -> int:
    """How often GitHub has repeated the delivery."""
    return sum(bool(entry["redelivery"]) for entry in box.github.log)


def _is_stored(box: Installation) -> bool:
    found = box.stack.clients.dynamodb.get_item(
        TableName=box.stack.name("DeliveriesTable"),
        Key={"pk": {"S": delivery_id("github", "default", GUID)}},
    )
    return "Item" in found


def _missed(box: Installation) -> tuple[bool, int]:
    """GitHub drops a delivery; whether it is stored in the end, and how often it was repeated."""
    box.use_github_log()
    box.github.dropping = True
    box.github.deliver(GUID)
    box.github.dropping = False
    for _ in range(30):
        box.redeliver()
        if _is_stored(box):
            break
    box.redeliver()
    return _is_stored(box), _repeats(box)


def test_a_run_that_dies_at_any_call_loses_no_delivery(slack: FakeSlack) -> None:
    with installed(slack) as box:
        undisturbed = _missed(box)
        calls = box.faults.calls

    outcomes = {}
    for call in calls:
        for crash in (crash_before, crash_after):
            with installed(slack) as box:
                box.faults.at(call.number, crash)
                outcomes[str(call), crash.__name__] = _missed(box)

    assert undisturbed == (True, 1)
    assert len(calls) > 15
    assert {place for place, (stored, _) in outcomes.items() if not stored} == set()
    assert {repeats for _, repeats in outcomes.values()} <= {1, 2}


def test_two_runs_at_once_request_a_delivery_once(box: Installation) -> None:
    box.use_github_log()
    box.github.dropping = True
    box.github.deliver(GUID)
    box.github.dropping = False
    other = Process(
        "RedeliveryFunction",
        box.stack,
        box.clock,
        box.faults,
        {"SIGNALBOX_TRUSTED_ORIGINS": box.github.url},
    )
    context = FakeContext(box.clock, timeout=240)
    box.faults.on(
        "DynamoDB.PutItem", meanwhile(lambda: other({}, context)), by="RedeliveryFunction"
    )

    box.redeliver()

    assert _repeats(box) == 1
    assert _is_stored(box)
