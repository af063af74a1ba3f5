"""The functions over a stack in moto, on a clock of their own."""

from collections.abc import Iterator

import pytest

from tests.functions.system import System, running


@pytest.fixture
def system() -> Iterator[System]:
    with running() as system:
        yield system
