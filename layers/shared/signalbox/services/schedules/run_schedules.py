"""Create the tasks of schedules; runs every minute.

The id of a task is derived from its schedule and its planned time, so that a run that is repeated
after a crash, or made by two at once, creates it once. Only then is the state advanced.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.errors import Conflict, NotFound, SignalboxError, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.schedule_runs import (
    ScheduleState,
    due_runs,
    next_runs,
    run_id,
    run_task,
)
from signalbox.services.ports.schedules import ScheduleStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock, TimeLeft

_RESERVE: Final = 30.0
"""The seconds that are left to what else maintenance does."""

_MAX_REPORTED_ERRORS: Final = 5
_RETRY_AFTER: Final = timedelta(hours=1)
"""When a schedule is due again that a later version stored, or that is not valid."""


@dataclass(slots=True, kw_only=True)
class SchedulesResult:
    """How many schedules were due, and how many tasks they created.

    `failed` ones are due again; `troubles` has the type of the error for the first few of them.
    """

    schedules: int = 0
    tasks: int = 0
    failed: int = 0
    troubles: dict[str, str] = field(default_factory=dict)

    def add_error(self, name: str, error: Exception) -> None:
        """Count an error of a schedule, or of all of them."""
        self.failed += 1
        if len(self.troubles) < _MAX_REPORTED_ERRORS:
            self.troubles[name] = type(error).__name__


@frozen
class RunSchedules:
    """Run the schedules that are due. `retention` is how long their finished tasks are stored."""

    schedules: ScheduleStore
    tasks: TaskStore
    clock: Clock
    retention: timedelta

    def __call__(self, time_left: TimeLeft) -> SchedulesResult:
        """Return what was run before the time was up; the next call does the rest."""
        result = SchedulesResult()
        try:
            for name in self.schedules.due(self.clock()):
                if time_left() < _RESERVE:
                    break
                self._try(name, time_left, result)
        except Unavailable as unavailable:
            result.add_error("", unavailable)
        return result

    def _try(self, name: str, time_left: TimeLeft, result: SchedulesResult) -> None:
        result.schedules += 1
        try:
            self._run(self.schedules.state(name), time_left, result)
        except (Conflict, NotFound):
            return  # somebody else ran, changed or deleted it
        except (SignalboxError, ValueError) as error:
            result.add_error(name, error)

    def _run(self, state: ScheduleState, time_left: TimeLeft, result: SchedulesResult) -> None:
        schedule, now = state.schedule, self.clock()
        try:
            runs = due_runs(schedule, state.done_until, now)
            due_at = next(next_runs(schedule, now), None)
        except ValueError:
            # another version took it for valid; this one cannot tell when it runs
            self.schedules.advance(state, state, now + _RETRY_AFTER)
            raise
        made = self._create(state, runs, now, time_left, result)
        if len(made) < len(runs):
            done_until = made[-1] if made else state.done_until
            due_at = now
        else:
            done_until = now
        last_run = made[-1] if made else state.last_run
        after = replace(state, done_until=done_until, last_run=last_run)
        self.schedules.advance(state, after, due_at)

    def _create(
        self,
        state: ScheduleState,
        runs: Sequence[datetime],
        now: datetime,
        time_left: TimeLeft,
        result: SchedulesResult,
    ) -> Sequence[datetime]:
        """Create the tasks of the runs, and return for which of them there was time."""
        for number, planned_at in enumerate(runs):
            if time_left() < _RESERVE:
                return runs[:number]
            task = run_task(
                state.schedule,
                run_id(state.schedule, planned_at),
                planned_at=planned_at,
                now=now,
                retention=self.retention,
            )
            result.tasks += self.tasks.create(task)
        return runs
