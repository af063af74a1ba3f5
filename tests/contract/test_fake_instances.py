"""The fakes of instances keep the promises that the real stores keep."""

import pytest

from tests.contract.instances import InstanceHealthContract, RegistrationStoreContract
from tests.fakes.instances import FakeInstanceHealth, FakeRegistrations


class TestFakeInstanceHealth(InstanceHealthContract):
    @pytest.fixture
    def store(self) -> FakeInstanceHealth:
        return FakeInstanceHealth()


class TestFakeRegistrations(RegistrationStoreContract):
    @pytest.fixture
    def store(self) -> FakeRegistrations:
        return FakeRegistrations()
