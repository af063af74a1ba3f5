"""A stack in moto for every test, on a clock of its own."""

from collections.abc import Iterator

import pytest

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack, deployed
from tests.integration.faults import Faults
from tests.integration.installation import Installation, installed
from tests.integration.simulated import simulated_time
from tests.integration.slack import FakeSlack


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def stack(clock: FakeClock) -> Iterator[Stack]:
    with deployed() as stack, simulated_time(clock):
        yield stack


@pytest.fixture
def faults(stack: Stack) -> Iterator[Faults]:
    del stack
    with Faults().installed() as faults, faults.watching():
        yield faults


@pytest.fixture(scope="session")
def slack() -> Iterator[FakeSlack]:
    with FakeSlack().running() as slack:
        yield slack


@pytest.fixture
def box(slack: FakeSlack) -> Iterator[Installation]:
    with installed(slack) as box:
        yield box
