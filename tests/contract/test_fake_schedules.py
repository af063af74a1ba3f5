"""The fake keeps the promises of the port."""

import pytest

from signalbox.models.schedule import Schedule
from tests.contract.schedules import PutSchedule, ScheduleStoreContract
from tests.fakes.clock import FakeClock
from tests.fakes.schedules import FakeSchedules


class TestFakeSchedules(ScheduleStoreContract):
    @pytest.fixture
    def schedules(self) -> FakeSchedules:
        return FakeSchedules()

    @pytest.fixture
    def put(self, schedules: FakeSchedules, clock: FakeClock) -> PutSchedule:
        def put(schedule: Schedule) -> None:
            schedules.put(schedule, clock())

        return put
