"""What a task has to do with other tasks: which it waits for, and whether others wait for it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import TaskId

MAX_AWAITED_TASKS: Final = 20
"""How many tasks a task can wait for."""

CHECK_AFTER: Final = timedelta(hours=1)
"""After how long maintenance looks again at the tasks that a task waits for."""


class OnFailure(StrEnum):
    """What becomes of a task when one that it waits for fails or is cancelled."""

    CANCEL = "cancel"
    RUN = "run"


class TaskRelations(Model):
    """The relations of a task; most tasks have none.

    It runs `after` these tasks, of which it still waits for `waits_for`. `has_dependents` marks
    that others wait, or have waited, for it. `checked_at` is when the tasks that it waits for were
    last looked at. `ends_dependents` marks that it was cancelled with all that depend on it.
    `revision` counts the changes that are no step, so that none of them overwrites another.
    """

    after: tuple[TaskId, ...] = ()
    on_failure: OnFailure = OnFailure.CANCEL
    waits_for: tuple[TaskId, ...] = ()
    has_dependents: bool = False
    ends_dependents: bool = False
    checked_at: UtcDatetime | None = None
    revision: int = 0

    def due_at(self, updated_at: datetime) -> datetime:
        """Return when maintenance looks at what the task waits for."""
        return (self.checked_at or updated_at) + CHECK_AFTER
