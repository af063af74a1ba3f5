"""Incidents in DynamoDB, and the run of maintenance that observes them."""

from datetime import timedelta

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.incidents import DynamoIncidents
from signalbox.aws.protocols import DynamoApi
from signalbox.models.errors import Unavailable
from signalbox.models.incident import IncidentLedger
from tests.contract.incidents import LEDGER, IncidentStoreContract
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import Faults, lost_answer, unreachable


class TestDynamoIncidents(IncidentStoreContract):
    @pytest.fixture
    def table(self, stack: Stack, dynamodb: DynamoApi) -> Table:
        return Table(client=dynamodb, name=stack.name("StateTable"))

    @pytest.fixture
    def store(self, table: Table, clock: FakeClock) -> DynamoIncidents:
        return DynamoIncidents(table=table, clock=clock)

    def test_the_item_outlives_every_incident_in_it(
        self, store: DynamoIncidents, table: Table, clock: FakeClock
    ) -> None:
        store.replace(IncidentLedger(), LEDGER)

        item = table.get({"pk": {"S": "INCIDENTS"}})

        assert item
        expected = clock() + timedelta(days=366)
        assert item["ttl"] == {"N": str(int(expected.timestamp()))}

    def test_a_write_whose_answer_was_lost_is_recognised(
        self, store: DynamoIncidents, faults: Faults
    ) -> None:
        faults.on("DynamoDB.PutItem", lost_answer)

        store.replace(IncidentLedger(), LEDGER)

        assert store.get() == LEDGER

    def test_what_cannot_be_read_is_unavailable(
        self, store: DynamoIncidents, table: Table, faults: Faults
    ) -> None:
        table.put({"pk": {"S": "INCIDENTS"}, "doc": {"S": '{"version": "odd"}'}})

        with pytest.raises(Unavailable):
            store.get()
        faults.on("DynamoDB.GetItem", unreachable, times=9)
        with pytest.raises(Unavailable):
            store.get()

    def test_fields_of_a_later_version_are_left_out(
        self, store: DynamoIncidents, table: Table
    ) -> None:
        later = LEDGER.model_dump_json().replace('{"version"', '{"later":1,"version"', 1)
        table.put({"pk": {"S": "INCIDENTS"}, "doc": {"S": later}})

        assert store.get() == LEDGER
