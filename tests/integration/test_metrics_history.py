"""The history of metrics in DynamoDB."""

import pytest

from signalbox.aws.dynamo_table import Table
from signalbox.aws.metrics_history import DynamoMetricsHistory
from tests.contract.metrics_history import MetricsHistoryStoreContract
from tests.integration.aws import Stack


class TestDynamoMetricsHistory(MetricsHistoryStoreContract):
    @pytest.fixture
    def points(self, stack: Stack) -> DynamoMetricsHistory:
        return DynamoMetricsHistory(
            table=Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))
        )
