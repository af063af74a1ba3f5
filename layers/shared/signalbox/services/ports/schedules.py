"""The port of schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signalbox.models.schedule_runs import ScheduleState


class ScheduleStore(Protocol):
    """Stores the states of schedules. A ConfigWriter stores the schedules themselves.

    One that is stored is due at once. It begins anew if its timing has changed, which includes
    whether it is enabled; otherwise its state stays.
    """

    def due(self, now: datetime) -> Iterator[str]:
        """Yield the names of the schedules that are due, read lazily."""

    def state(self, name: str) -> ScheduleState:
        """Return the state of a schedule.

        Raises:
            NotFound: There is no such schedule.
            ConfigurationUnreadable: The stored schedule cannot be parsed.
        """

    def advance(self, before: ScheduleState, after: ScheduleState, due_at: datetime | None) -> None:
        """Store the state after runs, and when the schedule is due again, None if never.

        Raises:
            WriteConflict: `before` is not what is stored.
        """
