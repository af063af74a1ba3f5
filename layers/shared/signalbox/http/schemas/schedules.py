"""Request and response bodies of schedules."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import TaskId
from signalbox.models.schedule import Schedule

SCHEDULES = "/api/v1/schedules"


class ScheduleList(Model):
    """Every schedule."""

    items: tuple[Schedule, ...]


class ScheduleRunsResponse(Model):
    """The runs of a schedule. A paused one has no next runs.

    `last_run` is the planned time of the last one, `last_task` its task, which may have expired.
    """

    name: str
    enabled: bool
    last_run: UtcDatetime | None
    last_task: TaskId | None
    next_runs: tuple[UtcDatetime, ...]
