"""Live updates in DynamoDB."""

import pytest

from signalbox.aws.channels import DynamoChannels
from signalbox.aws.dynamo_table import Table
from signalbox.aws.sockets import DynamoSockets, DynamoTickets
from tests.contract.realtime import (
    ChannelStoreContract,
    SocketStoreContract,
    TicketStoreContract,
)
from tests.integration.aws import Stack


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("RealtimeTable"))


class TestDynamoTickets(TicketStoreContract):
    @pytest.fixture
    def tickets(self, table: Table) -> DynamoTickets:
        return DynamoTickets(table=table)


class TestDynamoSockets(SocketStoreContract):
    @pytest.fixture
    def sockets(self, table: Table) -> DynamoSockets:
        return DynamoSockets(table=table)


class TestDynamoChannels(ChannelStoreContract):
    @pytest.fixture
    def channels(self, table: Table) -> DynamoChannels:
        return DynamoChannels(table=table)
