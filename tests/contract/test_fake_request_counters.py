"""The fake of the counters of requests keeps the promises that the real store keeps."""

import pytest

from tests.contract.request_counters import RequestCounterContract
from tests.fakes.clock import FakeClock
from tests.fakes.request_counters import FakeRequestCounters


class TestFakeRequestCounters(RequestCounterContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> FakeRequestCounters:
        return FakeRequestCounters(clock)
