import pytest

from tests.contract.logs import LogStoreContract
from tests.fakes.logs import FakeLogStore


class TestFakeLogStore(LogStoreContract):
    @pytest.fixture
    def store(self) -> FakeLogStore:
        return FakeLogStore()
