"""What is stored of instances, in DynamoDB."""

from datetime import timedelta

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.instance_health import DynamoInstanceHealth
from signalbox.aws.registrations import DynamoRegistrations
from signalbox.models.errors import Unavailable
from signalbox.models.instance_health import ServiceHealth
from tests.builders import NOW
from tests.contract.instances import (
    ADDED,
    InstanceHealthContract,
    RegistrationStoreContract,
    registered,
)
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import (
    Action,
    Crash,
    Faults,
    crash_after,
    crash_before,
    lost_answer,
    throttled,
)


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


class TestDynamoRegistrations(RegistrationStoreContract):
    @pytest.fixture
    def store(self, table: Table) -> DynamoRegistrations:
        return DynamoRegistrations(table=table)

    def test_an_item_expires_a_day_after_its_registration(
        self, store: DynamoRegistrations, table: Table
    ) -> None:
        store.replace("orders", None, registered())

        item = table.get({"pk": {"S": "INSTANCE#orders#a"}}) or {}

        expires = NOW + timedelta(days=1, seconds=30)
        assert int(item["ttl"]["N"]) == int(expires.timestamp())

    def test_a_heartbeat_is_one_cheap_read_and_one_write(
        self, store: DynamoRegistrations, faults: Faults
    ) -> None:
        stored = store.replace("orders", None, registered())
        faults.clear()

        store.replace("orders", stored, registered())

        assert faults.operations == ["DynamoDB.GetItem", "DynamoDB.PutItem"]

    @pytest.mark.parametrize("operation", ["UpdateItem", "PutItem"])
    @pytest.mark.parametrize("crash", [crash_before, crash_after])
    def test_an_instance_that_died_while_it_registered_is_listed_after_its_next_heartbeat(
        self, store: DynamoRegistrations, faults: Faults, operation: str, crash: Action
    ) -> None:
        faults.on(f"DynamoDB.{operation}", crash)
        with pytest.raises(Crash):
            store.replace("orders", None, registered())

        store.replace("orders", store.get("orders", "a"), registered())

        assert [each.instance.id for each in store.of_service("orders")] == ["a"]

    def test_an_instance_whose_id_was_lost_is_listed_after_its_next_heartbeat(
        self, store: DynamoRegistrations, table: Table
    ) -> None:
        stored = store.replace("orders", None, registered())
        table.delete({"pk": {"S": "INSTANCES#orders"}})

        again = store.replace("orders", stored, registered())

        assert store.of_service("orders") == [again]

    def test_ids_whose_registration_is_gone_are_removed_when_another_instance_registers(
        self, store: DynamoRegistrations, table: Table
    ) -> None:
        for name in ("a", "b"):
            store.replace("orders", None, registered(name))
        table.delete({"pk": {"S": "INSTANCE#orders#a"}})

        store.replace("orders", None, registered("c"))

        ids = table.get({"pk": {"S": "INSTANCES#orders"}}) or {}
        assert sorted(ids["ids"]["SS"]) == ["b", "c"]

    def test_a_write_whose_answer_was_lost_is_known_again(
        self, store: DynamoRegistrations, faults: Faults
    ) -> None:
        for operation in ("UpdateItem", "PutItem", "DeleteItem"):
            faults.on(f"DynamoDB.{operation}", lost_answer)

        stored = store.replace("orders", None, registered())
        store.delete("orders", stored)

        assert store.of_service("orders") == []

    def test_a_table_that_does_not_answer_is_unavailable(
        self, store: DynamoRegistrations, faults: Faults
    ) -> None:
        stored = store.replace("orders", None, registered())
        for operation in ("GetItem", "PutItem", "DeleteItem"):
            faults.on(f"DynamoDB.{operation}", throttled, times=3 * 3)

        with pytest.raises(Unavailable):
            store.get("orders", "a")
        with pytest.raises(Unavailable):
            store.of_service("orders")
        with pytest.raises(Unavailable):
            store.replace("orders", stored, registered())
        with pytest.raises(Unavailable):
            store.delete("orders", stored)
