"""The states of schedules in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.schedule import Schedule
from signalbox.models.schedule_runs import ScheduleState


class FakeSchedules:
    """A ScheduleStore. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[str, ScheduleState] = {}
        self.due_at: dict[str, datetime | None] = {}
        self.down = False

    def put(self, schedule: Schedule, now: datetime) -> None:
        """Stores a schedule, as a ConfigWriter does."""
        before = self.kept.get(schedule.name)
        revision = schedule.model_dump_json()
        if before and before.schedule.timing == schedule.timing:
            state = replace(before, schedule=schedule, revision=revision)
        else:
            state = ScheduleState(schedule=schedule, done_until=now, revision=revision)
        self.kept[schedule.name] = state
        self.due_at[schedule.name] = now if schedule.enabled else None

    def due(self, now: datetime) -> Iterator[str]:
        self._reach()
        due = [(at, name) for name, at in self.due_at.items() if at and at <= now]
        return iter([name for _, name in sorted(due)])

    def state(self, name: str) -> ScheduleState:
        self._reach()
        if name not in self.kept:
            raise NotFound("there is no such schedule")
        return self.kept[name]

    def advance(self, before: ScheduleState, after: ScheduleState, due_at: datetime | None) -> None:
        self._reach()
        if self.kept.get(before.schedule.name) != before:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[before.schedule.name] = after
        self.due_at[before.schedule.name] = due_at

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the schedules did not answer")
