"""When functions are called by the clock."""

from datetime import UTC, datetime
from typing import Any

from cli.server.leases import HoldLeases, MemoryLeases
from cli.server.scheduler import SchedulePoller
from cli.server.stopping import Stopping
from tests.fakes.clock import FakeClock


def schedule(
    store: MemoryLeases, clock: FakeClock, called: list[Any], name: str = "one"
) -> SchedulePoller:
    leases = HoldLeases(store=store, holder=name, clock=clock)
    return SchedulePoller(
        "Maintenance", 5, called.append, leases, clock, timeout=55, stopping=Stopping(30)
    )


def test_a_function_is_called_at_each_full_period_by_one_of_two_servers() -> None:
    clock, store = FakeClock(datetime(2026, 3, 1, 12, 1, tzinfo=UTC)), MemoryLeases()
    of_one: list[Any] = []
    of_other: list[Any] = []
    one = schedule(store, clock, of_one)
    other = schedule(store, clock, of_other, "other")

    for _ in range(11):
        one.poll()
        other.poll()
        clock.advance(seconds=60)

    assert [event["time"] for event in of_one + of_other] == [
        "2026-03-01T12:05:00Z",
        "2026-03-01T12:10:00Z",
    ]
    assert of_one[0]["detail-type"] == "Scheduled Event"


def test_runs_that_were_missed_are_left_out() -> None:
    clock = FakeClock(datetime(2026, 3, 1, 12, 1, tzinfo=UTC))
    called: list[Any] = []
    one = schedule(MemoryLeases(), clock, called)

    clock.advance(seconds=1_200)
    one.poll()
    one.poll()

    assert [event["time"] for event in called] == ["2026-03-01T12:05:00Z"]
    clock.advance(seconds=240)
    one.poll()
    assert [event["time"] for event in called][1:] == ["2026-03-01T12:25:00Z"]
