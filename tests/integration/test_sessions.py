"""Sessions in DynamoDB."""

import pytest

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table
from signalbox.aws.sessions import DynamoSessions
from tests.builders import NOW
from tests.contract.sessions import SessionStoreContract, a_session
from tests.integration.aws import Stack


class TestDynamoSessions(SessionStoreContract):
    @pytest.fixture
    def sessions(self, stack: Stack) -> DynamoSessions:
        return DynamoSessions(
            table=Table(client=stack.clients.dynamodb, name=stack.name("ConfigTable"))
        )

    def test_a_session_that_cannot_be_read_does_not_hide_the_others(
        self, sessions: DynamoSessions
    ) -> None:
        sessions.put("a", a_session())
        sessions.table.put(
            {
                "pk": {"S": table_keys.SESSION},
                "sk": {"S": "b"},
                "doc": {"S": '{"of": "a later version"}'},
            }
        )

        assert [digest for digest, _ in sessions.all(NOW)] == ["a"]
