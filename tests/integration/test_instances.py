"""What is stored of instances, in DynamoDB."""

from datetime import timedelta

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.instance_health import DynamoInstanceHealth
from signalbox.models.errors import Unavailable
from signalbox.models.instance_health import ServiceHealth
from tests.builders import NOW
from tests.contract.instances import ADDED, InstanceHealthContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import Faults, lost_answer, throttled


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))


class TestDynamoInstanceHealth(InstanceHealthContract):
    @pytest.fixture
    def store(self, table: Table) -> DynamoInstanceHealth:
        return DynamoInstanceHealth(table=table, clock=FakeClock())

    def test_a_write_whose_answer_was_lost_is_no_conflict(
        self, store: DynamoInstanceHealth, faults: Faults
    ) -> None:
        faults.on("DynamoDB.PutItem", lost_answer)

        stored = store.replace("orders", ServiceHealth(), ADDED)

        assert store.get("orders") == stored

    def test_a_record_expires_after_a_month_without_a_change(
        self, store: DynamoInstanceHealth, table: Table
    ) -> None:
        store.replace("orders", ServiceHealth(), ADDED)

        item = table.get({"pk": {"S": "HEALTH#orders"}}) or {}

        assert int(item["ttl"]["N"]) == int((NOW + timedelta(days=31)).timestamp())

    def test_a_record_of_another_version_is_unavailable_and_left_out_of_lists(
        self, store: DynamoInstanceHealth, table: Table
    ) -> None:
        table.put({"pk": {"S": "HEALTH#orders"}, "version": {"N": "1"}, "doc": {"S": '{"v": 9}'}})

        assert store.batch_get(["orders"]) == {}
        with pytest.raises(Unavailable):
            store.get("orders")

    def test_a_table_that_is_down_is_unavailable(
        self, store: DynamoInstanceHealth, faults: Faults
    ) -> None:
        for operation in ("GetItem", "BatchGetItem", "PutItem"):
            faults.on(f"DynamoDB.{operation}", throttled, times=3)

        with pytest.raises(Unavailable):
            store.get("orders")
        with pytest.raises(Unavailable):
            store.batch_get(["orders"])
        with pytest.raises(Unavailable):
            store.replace("orders", ServiceHealth(), ADDED)
