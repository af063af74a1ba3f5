"""A stack in moto for every test, on a clock of its own."""

from collections.abc import Iterator

import pytest

from signalbox.aws.protocols import DynamoApi, SsmApi
from signalbox.aws.transport.clients import DynamoTransport, SsmTransport
from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack, deployed, transport_limits
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


@pytest.fixture(params=["transport", "boto3"])
def dynamodb(stack: Stack, request: pytest.FixtureRequest) -> DynamoApi:
    """Stand for each client that a store may have, so that its contract is tested over both."""
    of_boto3: bool = request.param == "boto3"
    return stack.clients.dynamodb if of_boto3 else DynamoTransport(*transport_limits())


@pytest.fixture(params=["transport", "boto3"])
def ssm(stack: Stack, request: pytest.FixtureRequest) -> SsmApi:
    """Stand for each client of the Parameter Store."""
    of_boto3: bool = request.param == "boto3"
    return stack.clients.ssm if of_boto3 else SsmTransport(*transport_limits())


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
