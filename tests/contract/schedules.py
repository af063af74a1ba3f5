"""What every store of schedules promises."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from signalbox.models.errors import NotFound, WriteConflict
from signalbox.models.schedule import CatchUp, Schedule
from signalbox.services.ports.schedules import ScheduleStore
from tests.builders import NOW, a_schedule
from tests.fakes.clock import FakeClock

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

PutSchedule = Callable[[Schedule], None]


class ScheduleStoreContract:
    """Inherit and say what `schedules` is, how one is `put`, and its `clock`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def schedules(self) -> ScheduleStore:
        raise NotImplementedError

    @pytest.fixture
    def put(self) -> PutSchedule:
        raise NotImplementedError

    def test_a_new_schedule_is_due_at_once_and_begins_now(
        self, schedules: ScheduleStore, put: PutSchedule
    ) -> None:
        put(a_schedule())

        state = schedules.state("daily")

        assert list(schedules.due(NOW + MINUTE)) == ["daily"]
        assert (state.schedule, state.done_until, state.last_run) == (a_schedule(), NOW, None)

    def test_a_paused_schedule_is_never_due(
        self, schedules: ScheduleStore, put: PutSchedule
    ) -> None:
        put(a_schedule())
        put(a_schedule(enabled=False))

        assert list(schedules.due(NOW + 1000 * HOUR)) == []
        assert schedules.state("daily").schedule.enabled is False

    def test_a_schedule_that_does_not_exist_has_no_state(self, schedules: ScheduleStore) -> None:
        with pytest.raises(NotFound):
            schedules.state("daily")

    def test_an_advanced_schedule_is_due_at_its_next_run(
        self, schedules: ScheduleStore, put: PutSchedule
    ) -> None:
        put(a_schedule())
        before = schedules.state("daily")
        after = replace(before, done_until=NOW + MINUTE, last_run=NOW)

        schedules.advance(before, after, NOW + HOUR)

        assert schedules.state("daily") == after
        assert list(schedules.due(NOW + HOUR - MINUTE)) == []
        assert list(schedules.due(NOW + HOUR + MINUTE)) == ["daily"]

    def test_a_schedule_that_has_ended_is_never_due_again(
        self, schedules: ScheduleStore, put: PutSchedule
    ) -> None:
        put(a_schedule(at=NOW))
        before = schedules.state("daily")

        schedules.advance(before, replace(before, done_until=NOW + MINUTE), None)

        assert list(schedules.due(NOW + 1000 * HOUR)) == []

    def test_what_two_advance_at_once_is_advanced_once(
        self, schedules: ScheduleStore, put: PutSchedule
    ) -> None:
        put(a_schedule())
        before = schedules.state("daily")
        schedules.advance(before, replace(before, done_until=NOW + MINUTE), NOW + HOUR)

        with pytest.raises(WriteConflict):
            schedules.advance(before, replace(before, done_until=NOW + HOUR), NOW + HOUR)

    def test_what_somebody_changes_meanwhile_is_not_advanced(
        self, schedules: ScheduleStore, put: PutSchedule
    ) -> None:
        put(a_schedule())
        before = schedules.state("daily")
        put(a_schedule(cron="0 8 * * *"))

        with pytest.raises(WriteConflict):
            schedules.advance(before, replace(before, done_until=NOW + MINUTE), NOW + HOUR)

    def test_another_task_changes_nothing_in_the_state(
        self, schedules: ScheduleStore, put: PutSchedule, clock: FakeClock
    ) -> None:
        put(a_schedule())
        before = schedules.state("daily")
        after = replace(before, done_until=NOW + MINUTE, last_run=NOW)
        schedules.advance(before, after, NOW + HOUR)
        clock.advance(2 * MINUTE)

        put(a_schedule(catch_up=CatchUp.ALL))

        state = schedules.state("daily")
        assert (state.done_until, state.last_run) == (NOW + MINUTE, NOW)
        assert list(schedules.due(NOW + 3 * MINUTE)) == ["daily"]

    def test_another_timing_begins_anew(
        self, schedules: ScheduleStore, put: PutSchedule, clock: FakeClock
    ) -> None:
        put(a_schedule())
        clock.advance(2 * MINUTE)

        put(a_schedule(timezone="Europe/Berlin"))

        assert schedules.state("daily").done_until == NOW + 2 * MINUTE
