"""Describe the runs of a schedule, pause and resume it, and run it now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from signalbox.models.frozen import frozen
from signalbox.models.ids import RequestId, TaskId, random_task_id, task_id
from signalbox.models.principal import Principal
from signalbox.models.schedule import Schedule
from signalbox.models.schedule_runs import SCHEDULE_PROVIDER, next_runs, run_id, run_task
from signalbox.models.task import Task
from signalbox.services.config.configure import Configure, PreconditionCheck
from signalbox.services.ports.schedules import ScheduleStore
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.create import IdempotencyKey, created_once


@frozen
class SchedulePreview:
    """The last planned run and its task, None if there was none, and the next ones."""

    schedule: Schedule
    last_run: datetime | None
    last_task: TaskId | None
    next_runs: Sequence[datetime]


@frozen
class ManageSchedules:
    """Describe and control schedules."""

    configure: Configure
    schedules: ScheduleStore
    tasks: TaskStore
    clock: Clock
    retention: timedelta

    def preview(self, name: str, limit: int) -> SchedulePreview:
        """Return the last and the next runs of a schedule; a paused one has no next.

        Raises:
            NotFound: There is no such schedule.
            ConfigurationUnreadable: The stored schedule cannot be parsed.
            ValueError: Its expression or time zone is not valid.
        """
        state = self.schedules.state(name)
        schedule = state.schedule
        following = next_runs(schedule, self.clock()) if schedule.enabled else iter(())
        return SchedulePreview(
            schedule=schedule,
            last_run=state.last_run,
            last_task=run_id(schedule, state.last_run) if state.last_run else None,
            next_runs=tuple(islice(following, limit)),
        )

    def switch(self, name: str, *, enabled: bool, check: PreconditionCheck) -> Schedule:
        """Pause or resume a schedule and return it. What it missed is not made up for.

        Raises:
            NotFound: There is no such schedule.
            SignalboxError: The precondition does not hold.
        """
        before = self.configure.get(Schedule, name)
        if before.enabled is enabled:
            check(before)
            return before
        after = before.model_copy(update={"enabled": enabled})
        self.configure.put(after, check)
        return after

    def run(
        self,
        name: str,
        principal: Principal,
        *,
        key: IdempotencyKey | None = None,
        request_id: RequestId | None = None,
    ) -> tuple[Task, bool]:
        """Create a task of the schedule now, and return it and whether this call created it.

        The planned runs stay as they are. It also runs a schedule that is paused.

        Raises:
            NotFound: There is no such schedule.
            IdempotencyKeyReused: The key was used for another request.
        """
        schedule = self.configure.get(Schedule, name)
        derived = task_id(SCHEDULE_PROVIDER, name, "now", principal.name, key.text) if key else None
        task = run_task(
            schedule,
            derived or random_task_id(),
            planned_at=None,
            now=self.clock(),
            retention=self.retention,
            by=principal.name,
        )
        origin = {"request_id": request_id, "fingerprint": key.fingerprint if key else None}
        task = task.model_copy(
            update={"origin": task.origin.model_copy(update=origin), "author": principal.name}
        )
        return created_once(self.tasks, task)
