"""The runs of a schedule: which are due, and which come next."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from signalbox.models.cron import Cron
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId, task_id
from signalbox.models.lifecycle import created
from signalbox.models.relations import TaskRelations
from signalbox.models.schedule import CatchUp, Schedule
from signalbox.models.task import Task, TaskOrigin, content_of
from signalbox.models.task_template import GroupedTaskTemplate

SCHEDULE_PROVIDER: Final = "schedule"
"""The provider name of tasks that a schedule created."""

MISSED_AFTER: Final = timedelta(minutes=10)
"""How late a run may be without being a missed one."""

MAX_RUNS: Final = 100
"""How many runs are made up for."""

_FORWARD: Final = timedelta(days=1)


@frozen
class ScheduleState:
    """A schedule, until when its runs were made, and the last of them.

    `revision` identifies the schedule as it is stored.
    """

    schedule: Schedule
    done_until: datetime
    last_run: datetime | None = None
    revision: str = ""


def due_runs(schedule: Schedule, done_until: datetime, now: datetime) -> Sequence[datetime]:
    """Return the runs to be made after a time and until now, in order.

    Raises:
        ValueError: `cron` or the time zone is not valid.
    """
    runs = _latest(schedule, done_until, now)
    missed = [run for run in runs if now - run > MISSED_AFTER]
    recent = runs[len(missed) :]
    match schedule.catch_up:
        case CatchUp.ALL:
            return runs
        case CatchUp.LATEST:
            return recent or runs[-1:]
        case CatchUp.NONE:
            return recent


def next_runs(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the runs after a time, whether the schedule is paused or not.

    Raises:
        ValueError: `cron` or the time zone is not valid.
    """
    if schedule.at:
        return iter((schedule.at,) if schedule.at > after else ())
    return cron_of(schedule).after(after)


def cron_of(schedule: Schedule) -> Cron:
    """Return the expression of a schedule that has one."""
    return Cron(expression=schedule.cron or "", timezone=schedule.timezone)


def run_id(schedule: Schedule, planned_at: datetime) -> TaskId:
    """Return the id of the task of a run, which is the same however often it is made."""
    return task_id(SCHEDULE_PROVIDER, schedule.name, planned_at.isoformat())


def run_task(
    schedule: Schedule,
    task: TaskId,
    *,
    planned_at: datetime | None,
    now: datetime,
    retention: timedelta,
    by: str | None = None,
) -> Task:
    """Return the task of a run; one that is not planned was requested by somebody."""
    new = Task(
        id=task,
        **content_of(schedule.task),
        origin=TaskOrigin(provider=SCHEDULE_PROVIDER, source=schedule.name, planned_at=planned_at),
        retention=int(retention.total_seconds()),
        relations=_relations(schedule.task),
        created_at=now,
        updated_at=now,
    )
    return created(new, by=by or f"{SCHEDULE_PROVIDER}/{schedule.name}")


def _relations(task: GroupedTaskTemplate) -> TaskRelations | None:
    if task.group is None:
        return None
    return TaskRelations(
        group=task.group, group_policy=task.group_policy, cancel_running=task.cancel_running
    )


def _latest(schedule: Schedule, done_until: datetime, now: datetime) -> Sequence[datetime]:
    if schedule.at:
        return [schedule.at] if done_until < schedule.at <= now else []
    if now - done_until <= _FORWARD:
        times = cron_of(schedule).after(done_until)
        return list(takewhile(lambda run: run <= now, times))[-MAX_RUNS:]
    times = cron_of(schedule).until(now)
    return list(islice(takewhile(lambda run: run > done_until, times), MAX_RUNS))[::-1]
