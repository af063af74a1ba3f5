"""Digests in DynamoDB."""

import pytest

from signalbox.aws.digests import DynamoDigests
from signalbox.aws.dynamo_table import Table
from signalbox.aws.protocols import DynamoApi
from signalbox.models.errors import Unavailable
from tests.contract.digests import ALL, TEAM, DigestStoreContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack


@pytest.fixture
def table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("StateTable"))


class TestDynamoDigests(DigestStoreContract):
    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoDigests:
        return DynamoDigests(table=table, clock=clock)

    def test_a_record_that_cannot_be_read_is_never_overwritten(
        self, store: DynamoDigests, table: Table
    ) -> None:
        table.put_new({"pk": {"S": f"DIGEST#{TEAM}#{ALL}"}, "doc": {"S": "{"}})

        with pytest.raises(Unavailable):
            store.get(TEAM, ALL)
