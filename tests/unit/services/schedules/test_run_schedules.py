"""Schedules that run every minute, over crashes and outages."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.errors import Unavailable
from signalbox.models.relations import GroupPolicy, TaskRelations
from signalbox.models.schedule import CatchUp, Schedule
from signalbox.models.schedule_runs import ScheduleState
from signalbox.models.task import Priority, Task
from signalbox.models.task_template import GroupedTaskTemplate
from signalbox.services.schedules.run_schedules import RunSchedules, SchedulesResult
from tests.builders import NOW, a_schedule
from tests.fakes.clock import FakeClock
from tests.fakes.schedules import FakeSchedules
from tests.fakes.tasks import FakeTaskStore

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Crashing(FakeTaskStore):
    """Creates as many tasks as are left, then does not answer."""

    left = 1_000

    def create(self, task: Task) -> bool:
        if self.left == 0:
            raise Unavailable("the tasks did not answer")
        self.left -= 1
        return super().create(task)


class Forgetful(FakeSchedules):
    """Loses what it should advance while `lost`."""

    lost = False

    def advance(self, before: ScheduleState, after: ScheduleState, due_at: datetime | None) -> None:
        if self.lost:
            raise Unavailable("the schedules did not answer")
        super().advance(before, after, due_at)


class System:
    def __init__(self, *schedules: Schedule) -> None:
        self.clock = FakeClock()
        self.tasks, self.schedules = Crashing(), Forgetful()
        for schedule in schedules:
            self.schedules.put(schedule, self.clock())

    def run(self, seconds_left: float = 60.0) -> SchedulesResult:
        run = RunSchedules(
            schedules=self.schedules,
            tasks=self.tasks,
            clock=self.clock,
            retention=timedelta(days=1),
        )
        return run(lambda: seconds_left)

    def run_for(self, span: timedelta) -> None:
        until = self.clock() + span
        while self.clock() < until:
            self.clock.advance(MINUTE)
            self.run()

    def planned(self) -> list[datetime]:
        times = [task.origin.planned_at for task in self.tasks.kept.values()]
        return sorted(filter(None, times))


def test_each_run_creates_one_task() -> None:
    system = System(a_schedule(cron="0 * * * *"))

    system.run_for(3 * HOUR)

    assert system.planned() == [NOW + hour * HOUR for hour in (1, 2, 3)]


def test_a_task_is_what_its_schedule_says() -> None:
    content = GroupedTaskTemplate(
        title="Report", kind="report", instruction="write", priority=Priority.LOW, labels=("a",)
    )
    system = System(a_schedule(at=NOW + MINUTE, task=content))

    system.run_for(2 * MINUTE)

    (task,) = system.tasks.kept.values()
    assert (task.title, task.kind, task.instruction) == ("Report", "report", "write")
    assert (task.priority, task.labels) == (Priority.LOW, ("a",))
    assert (task.origin.provider, task.origin.source) == ("schedule", "daily")
    assert task.last_step.by == "schedule/daily"


def test_a_task_joins_the_group_of_its_schedule() -> None:
    content = GroupedTaskTemplate(
        title="Sync", group="sync", group_policy=GroupPolicy.LATEST, cancel_running=True
    )
    system = System(a_schedule(at=NOW + MINUTE, task=content))

    system.run_for(2 * MINUTE)

    (task,) = system.tasks.kept.values()
    assert task.relations == TaskRelations(
        group="sync", group_policy=GroupPolicy.LATEST, cancel_running=True
    )


def test_between_runs_a_schedule_is_not_due() -> None:
    system = System(a_schedule(cron="0 * * * *"))
    system.run_for(2 * MINUTE)

    system.clock.advance(30 * MINUTE)

    assert system.run() == SchedulesResult()


@given(
    faults=st.lists(st.sampled_from(("none", "tasks", "state", "both", "gap")), max_size=40),
    cron=st.sampled_from(("* * * * *", "*/5 * * * *", "3,4 * * * *")),
)
def test_no_run_is_lost_or_doubled_whatever_does_not_answer(faults: list[str], cron: str) -> None:
    system = System(a_schedule(cron=cron, catch_up=CatchUp.ALL))

    for fault in faults:
        system.clock.advance(MINUTE * (7 if fault == "gap" else 1))
        system.tasks.left = 0 if fault in {"tasks", "both"} else 1_000
        system.schedules.lost = fault in {"state", "both"}
        system.run()
    system.tasks.left, system.schedules.lost = 1_000, False
    system.clock.advance(MINUTE)
    system.run()

    flawless = System(a_schedule(cron=cron, catch_up=CatchUp.ALL))
    flawless.run_for(system.clock() - NOW)
    assert system.planned() == flawless.planned()


def test_two_that_run_at_once_create_one_task() -> None:
    system = System(a_schedule(cron="0 * * * *"))
    system.clock.advance(HOUR)
    stale = system.schedules.state("daily")

    system.run()
    system.schedules.kept["daily"], system.schedules.due_at["daily"] = stale, system.clock()
    again = system.run()

    assert system.planned() == [NOW + HOUR]
    assert (again.tasks, again.failed) == (0, 0)


def test_a_run_that_was_cut_short_is_continued_by_the_next() -> None:
    system = System(a_schedule(cron="* * * * *", catch_up=CatchUp.ALL))
    system.clock.advance(HOUR)
    times = iter([60.0] * 11 + [0.0] * 100)
    run = RunSchedules(
        schedules=system.schedules,
        tasks=system.tasks,
        clock=system.clock,
        retention=timedelta(days=1),
    )

    first = run(lambda: next(times))
    system.clock.advance(seconds=1)
    second = system.run()

    assert (first.tasks, second.tasks) == (10, 50)
    assert len(system.planned()) == 60


def test_a_schedule_that_fails_does_not_keep_others_from_running() -> None:
    broken = a_schedule(name="broken", timezone="Europe/Atlantis")
    system = System(broken, a_schedule(cron="* * * * *"))
    system.clock.advance(MINUTE)

    result = system.run()

    assert (result.tasks, result.failed) == (1, 1)
    assert result.troubles == {"broken": "ValueError"}
    assert system.schedules.due_at["broken"] == system.clock() + HOUR


def test_schedules_that_do_not_answer_fail_nothing_else() -> None:
    system = System(a_schedule())
    system.schedules.down = True

    assert system.run().failed == 1


def test_a_resumed_schedule_does_not_make_up_for_its_pause() -> None:
    system = System(a_schedule(cron="0 * * * *", catch_up=CatchUp.ALL))
    system.schedules.put(a_schedule(cron="0 * * * *", catch_up=CatchUp.ALL, enabled=False), NOW)
    system.run_for(2 * HOUR + MINUTE)

    system.schedules.put(a_schedule(cron="0 * * * *", catch_up=CatchUp.ALL), system.clock())
    system.run_for(HOUR)

    assert system.planned() == [NOW + 3 * HOUR]


@pytest.mark.parametrize("seconds_left", [0.0, 29.0])
def test_what_else_maintenance_does_has_its_time(seconds_left: float) -> None:
    system = System(a_schedule(cron="* * * * *"))
    system.clock.advance(MINUTE)

    assert system.run(seconds_left) == SchedulesResult()
