"""The Config table: when schedules are due, beside the schedules themselves.

The state is in the item of the schedule, which one write replaces: the index has the next run of
each schedule that is enabled, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute
from signalbox.models.base import list_position, sortable_time
from signalbox.models.errors import ConfigurationUnreadable, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.schedule import Schedule, ScheduleTiming
from signalbox.models.schedule_runs import ScheduleState
from signalbox.services.ports.schedules import ScheduleStore

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item


@frozen
class DynamoSchedules(ScheduleStore):
    """Stores the states of schedules."""

    table: Table

    @override
    def due(self, now: datetime) -> Iterator[str]:
        rows = self.table.query(
            "due_pk = :pk AND due_sk <= :now",
            {":pk": {"S": table_keys.SCHEDULE}, ":now": {"S": sortable_time(now)}},
            index=table_keys.DUE_INDEX,
            chunk=100,
        )
        return (text_attribute(row, "sk") for row in rows)

    @override
    def state(self, name: str) -> ScheduleState:
        item = self.table.get(_schedule_key(name))
        if item is None:
            raise NotFound("there is no such schedule")
        last_run = text_attribute(item, "last_run")
        try:
            schedule = read_document(Schedule, item)
        except ValidationError:
            raise ConfigurationUnreadable("this schedule cannot be read") from None
        return ScheduleState(
            schedule=schedule,
            done_until=datetime.fromisoformat(text_attribute(item, "done_until")),
            last_run=datetime.fromisoformat(last_run) if last_run else None,
            revision=text_attribute(item, "doc"),
        )

    @override
    def advance(self, before: ScheduleState, after: ScheduleState, due_at: datetime | None) -> None:
        due = _due(after.schedule, due_at)
        self.table.change(
            _schedule_key(before.schedule.name),
            {"done_until": {"S": sortable_time(after.done_until)}, **_last_run(after), **due},
            {
                "doc": {"S": before.revision},
                "done_until": {"S": sortable_time(before.done_until)},
            },
            () if due else ("due_pk", "due_sk"),
        )


def run_attributes(schedule: Schedule, stored: Item | None, now: datetime) -> Item:
    """Return the state of a schedule that is written now over what is stored.

    It is due at once, which finds its next run. It begins anew if its timing has changed.
    """
    due = _due(schedule, now) if schedule.enabled else {}
    if not stored or _stored_timing(stored) != schedule.timing:
        return {"done_until": {"S": sortable_time(now)}, **due}
    kept = {name: stored[name] for name in ("done_until", "last_run") if name in stored}
    return {**kept, **due}


def _stored_timing(stored: Item) -> ScheduleTiming | None:
    try:
        return read_document(Schedule, stored).timing
    except ValidationError:
        return None


def _due(schedule: Schedule, due_at: datetime | None) -> Item:
    if due_at is None:
        return {}
    position = list_position(due_at, schedule.name)
    return {"due_pk": {"S": table_keys.SCHEDULE}, "due_sk": {"S": position}}


def _last_run(state: ScheduleState) -> Item:
    return {"last_run": {"S": sortable_time(state.last_run)}} if state.last_run else {}


def _schedule_key(name: str) -> Item:
    return {"pk": {"S": table_keys.SCHEDULE}, "sk": {"S": name}}
