"""The message of a held task is out of sight for as long as its lease lasts, and no longer."""

import pytest

from tests.functions.system import System
from tests.functions.test_work import claim, step, waiting


def seen(system: System) -> tuple[int, int]:
    """How many messages of the normal queue can be received, and how many are hidden."""
    depth = system.wiring.queue.depths()[1]
    return depth.waiting, depth.in_flight


@pytest.mark.parametrize("lease", [10, 600])
def test_a_lease_hides_its_message_for_as_long_as_it_lasts(system: System, lease: int) -> None:
    waiting(system)

    claim(system, lease=lease)

    system.clock.advance(seconds=lease - 1)
    assert seen(system) == (0, 1)
    system.clock.advance(seconds=2)
    assert seen(system) == (1, 0)


def test_a_heartbeat_hides_the_message_for_as_long_as_it_extends_the_lease(system: System) -> None:
    task = waiting(system)
    claimed = claim(system, lease=60)
    system.clock.advance(seconds=50)

    step(system, task, "heartbeat", claimed, lease_seconds=300)

    system.clock.advance(seconds=299)
    assert seen(system) == (0, 1)
    system.clock.advance(seconds=2)
    assert seen(system) == (1, 0)


def test_a_heartbeat_that_shortens_the_lease_brings_the_message_back_sooner(
    system: System,
) -> None:
    task = waiting(system)
    claimed = claim(system, lease=3_600)

    step(system, task, "heartbeat", claimed, lease_seconds=30)

    system.clock.advance(seconds=31)
    assert seen(system) == (1, 0)
    assert claim(system, "next").part("task")["id"] == task
