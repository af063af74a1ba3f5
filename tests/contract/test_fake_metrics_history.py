"""The fake keeps the promises of the history of metrics."""

import pytest

from tests.contract.metrics_history import MetricsHistoryStoreContract
from tests.fakes.counters import FakeMetricsHistory


class TestFakeMetricsHistory(MetricsHistoryStoreContract):
    @pytest.fixture
    def points(self) -> FakeMetricsHistory:
        return FakeMetricsHistory()
