"""Since when the oldest task of each queue has waited."""

from pydantic import JsonValue

from tests.functions.system import System
from tests.functions.test_work import claim, step, waiting


def ages(system: System) -> list[JsonValue]:
    """That of the high queue, the normal and the low one."""
    queues = system.ask("GET", "/api/v1/queue", key=system.key("viewer")).rows("queues")
    return [queue["oldest_seconds"] for queue in queues]


def test_the_age_of_a_queue_is_that_of_its_oldest_task(system: System) -> None:
    for priority in ("high", "high", "normal", "high", "normal", "low", "low"):
        waiting(system, priority)
        system.clock.advance(seconds=10)

    assert ages(system) == [70, 50, 20]


def test_a_queue_in_which_nothing_waits_has_no_age(system: System) -> None:
    waiting(system, "normal")
    system.clock.advance(seconds=10)

    assert ages(system) == [None, 10, None]


def test_a_task_in_the_hands_of_a_worker_does_not_wait(system: System) -> None:
    waiting(system)
    claim(system)
    system.clock.advance(seconds=10)
    waiting(system)
    system.clock.advance(seconds=10)

    assert ages(system) == [None, 10, None]


def test_a_task_that_was_given_back_has_waited_since_it_was_made(system: System) -> None:
    task = waiting(system)
    system.clock.advance(seconds=10)
    waiting(system)
    claimed = claim(system)
    system.clock.advance(seconds=10)

    step(system, str(claimed.part("task")["id"]), "release", claimed)

    assert claimed.part("task")["id"] == task
    assert ages(system) == [None, 20, None]
