"""The counters of requests to services, in DynamoDB."""

from datetime import timedelta

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.protocols import DynamoApi
from signalbox.aws.request_counters import DynamoRequestCounters
from signalbox.models.errors import Unavailable
from tests.builders import NOW
from tests.contract.request_counters import RequestCounterContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import Faults, throttled


@pytest.fixture
def table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("StateTable"))


class TestDynamoRequestCounters(RequestCounterContract):
    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoRequestCounters:
        return DynamoRequestCounters(table=table, clock=clock)

    def test_counters_expire_a_month_after_the_first_request(
        self, store: DynamoRequestCounters, table: Table, clock: FakeClock
    ) -> None:
        store.add("orders", {"requests|2xx": 1})
        clock.advance(seconds=3_600)
        store.add("orders", {"requests|2xx": 1})

        item = table.get({"pk": {"S": "REQUESTS#orders"}}) or {}

        assert int(item["ttl"]["N"]) == int((NOW + timedelta(days=30)).timestamp())

    def test_a_table_that_is_down_is_unavailable(
        self, store: DynamoRequestCounters, faults: Faults
    ) -> None:
        for operation in ("BatchGetItem", "UpdateItem"):
            faults.on(f"DynamoDB.{operation}", throttled, times=3)

        with pytest.raises(Unavailable):
            store.batch_get(["orders"])
        with pytest.raises(Unavailable):
            store.add("orders", {"requests|2xx": 1})
