"""Sessions in DynamoDB."""

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.sessions import DynamoSessions
from tests.contract.sessions import SessionStoreContract
from tests.integration.aws import Stack


class TestDynamoSessions(SessionStoreContract):
    @pytest.fixture
    def sessions(self, stack: Stack) -> DynamoSessions:
        return DynamoSessions(
            table=Table(client=stack.clients.dynamodb, name=stack.name("ConfigTable"))
        )
