"""Which runs of a schedule are due."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signalbox.models.schedule import CatchUp
from signalbox.models.schedule_runs import MAX_RUNS, due_runs, next_runs, run_id
from tests.builders import NOW, a_schedule

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@given(
    steps=st.lists(st.integers(1, 500), min_size=1, max_size=20),
    catch_up=st.sampled_from(CatchUp),
    cron=st.sampled_from(("*/7 * * * *", "0 * * * *", "30 2 * * *", "15 9-17 * * MON-FRI")),
)
def test_no_run_is_made_twice_and_all_are_made_if_all_are_made_up_for(
    steps: list[int], catch_up: CatchUp, cron: str
) -> None:
    schedule = a_schedule(cron=cron, timezone="Europe/Berlin", catch_up=catch_up)
    made, at = list[datetime](), NOW

    for step in steps:
        made += due_runs(schedule, at, at + step * MINUTE)
        at += step * MINUTE

    every = due_runs(a_schedule(cron=cron, timezone="Europe/Berlin", catch_up=CatchUp.ALL), NOW, at)
    assert made == sorted(set(made))
    if catch_up is CatchUp.ALL:
        assert made[-MAX_RUNS:] == every


@pytest.mark.parametrize(
    ("catch_up", "hours"),
    [(CatchUp.LATEST, [0]), (CatchUp.ALL, [5, 4, 3, 2, 1, 0]), (CatchUp.NONE, [])],
)
def test_an_outage_is_made_up_for_as_configured(catch_up: CatchUp, hours: list[int]) -> None:
    schedule = a_schedule(cron="0 * * * *", catch_up=catch_up)
    now = NOW + 11 * MINUTE

    found = due_runs(schedule, now - 6 * HOUR, now)

    assert found == [NOW - hour * HOUR for hour in hours]


@pytest.mark.parametrize("catch_up", CatchUp)
def test_runs_that_are_hardly_late_are_all_made(catch_up: CatchUp) -> None:
    schedule = a_schedule(cron="* * * * *", catch_up=catch_up)

    found = due_runs(schedule, NOW - 3 * MINUTE, NOW)

    assert found == [NOW - 2 * MINUTE, NOW - MINUTE, NOW]


def test_a_long_outage_is_made_up_for_by_the_latest_hundred_runs() -> None:
    schedule = a_schedule(cron="* * * * *", catch_up=CatchUp.ALL)

    found = due_runs(schedule, NOW - 300 * DAY, NOW)

    assert len(found) == MAX_RUNS
    assert (found[0], found[-1]) == (NOW - 99 * MINUTE, NOW)


def test_a_time_is_run_once() -> None:
    schedule = a_schedule(at=NOW)

    assert list(next_runs(schedule, NOW - DAY)) == [NOW]
    assert due_runs(schedule, NOW - DAY, NOW - MINUTE) == []
    assert due_runs(schedule, NOW - MINUTE, NOW) == [NOW]
    assert due_runs(schedule, NOW, NOW + DAY) == []
    assert list(next_runs(schedule, NOW)) == []


def test_the_id_of_a_task_is_that_of_its_schedule_and_its_planned_time() -> None:
    one, other = a_schedule(), a_schedule(name="other")

    assert run_id(one, NOW) == run_id(one, NOW)
    assert len({run_id(one, NOW), run_id(other, NOW), run_id(one, NOW + MINUTE)}) == 3


@pytest.mark.parametrize("timing", [{"cron": None}, {"cron": "* * * * *", "at": NOW}])
def test_a_schedule_has_either_an_expression_or_a_time(timing: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="expects one of `cron` and `at`"):
        a_schedule(**timing)
