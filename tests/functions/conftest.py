"""The functions over a stack in moto, on a clock of their own."""

from collections.abc import Iterator

import pytest

from tests.functions.system import System, running
from tests.integration.faults import Faults


@pytest.fixture
def system() -> Iterator[System]:
    with running() as system:
        yield system


@pytest.fixture
def faults(system: System) -> Iterator[Faults]:
    """Every call that the system makes to AWS."""
    del system
    with Faults().installed() as faults, faults.watching():
        yield faults
