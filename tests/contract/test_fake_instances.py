"""The fakes of instances keep the promises that the real stores keep."""

import pytest

from tests.contract.instances import InstanceHealthContract
from tests.fakes.instances import FakeInstanceHealth


class TestFakeInstanceHealth(InstanceHealthContract):
    @pytest.fixture
    def store(self) -> FakeInstanceHealth:
        return FakeInstanceHealth()
