"""A stack in moto for every test, on a clock of its own."""

from collections.abc import Iterator

import pytest

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack, deployed
from tests.integration.simulated import simulated_time


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stack(clock: FakeClock) -> Iterator[Stack]:
    with deployed() as stack, simulated_time(clock):
        yield stack
