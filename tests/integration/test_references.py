"""References in DynamoDB."""

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.protocols import DynamoApi
from signalbox.aws.references import DynamoReferences
from signalbox.models.errors import Unavailable
from tests.contract.references import TASK, TEAM, ReferenceStoreContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack


@pytest.fixture
def table(stack: Stack, dynamodb: DynamoApi) -> Table:
    return Table(client=dynamodb, name=stack.name("StateTable"))


class TestDynamoReferences(ReferenceStoreContract):
    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoReferences:
        return DynamoReferences(table=table, clock=clock)

    def test_a_record_that_cannot_be_read_is_never_overwritten(
        self, store: DynamoReferences, table: Table
    ) -> None:
        table.put_new({"pk": {"S": f"REFERENCE#{TEAM}#{TASK}"}, "doc": {"S": "{"}})

        with pytest.raises(Unavailable):
            store.get(TEAM, TASK)
