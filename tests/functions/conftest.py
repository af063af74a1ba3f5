"""The functions over a stack in moto, on a clock of their own."""

from collections.abc import Iterator

import pytest

from tests.fakes.clock import FakeClock
from tests.functions.system import System
from tests.integration.aws import deployed
from tests.integration.simulated import simulated_time


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    clock = FakeClock()
    with deployed() as stack, simulated_time(clock):
        for name, value in stack.environment("ApiFunction").items():
            monkeypatch.setenv(name, value)
        system = System(clock)
        system.limited()
        yield system
