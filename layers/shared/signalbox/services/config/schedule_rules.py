"""The rules of schedules: each has times at which it runs."""

from collections.abc import Iterator

from signalbox.models.cron import CronInvalid
from signalbox.models.manifest import ManifestError
from signalbox.models.schedule import Schedule
from signalbox.models.schedule_runs import cron_of


def schedule_violations(schedule: Schedule) -> Iterator[ManifestError]:
    """Yield what is wrong with a schedule."""
    if schedule.cron is None:
        return
    try:
        cron_of(schedule).check()
    except CronInvalid as invalid:
        yield ManifestError(path="cron", reason=f'"{schedule.cron}" {invalid}')
    except ValueError as invalid:
        yield ManifestError(path="timezone", reason=f'"{schedule.timezone}" {invalid}')
    if schedule.task.due:
        yield ManifestError(path="task.due", reason="is one time, and `cron` runs at many")
