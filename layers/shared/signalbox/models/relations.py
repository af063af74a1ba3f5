"""What a task has to do with other tasks: which it waits for, and whether others wait for it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import TaskId

MAX_AWAITED_TASKS: Final = 20
"""How many tasks a task can wait for."""

MAX_GROUP: Final = 128
"""How many characters the name of a group may have."""

CHECK_AFTER: Final = timedelta(hours=1)
"""After how long maintenance looks again at the tasks that a task waits for."""


CHECK_SLOT_AFTER: Final = timedelta(minutes=10)
MAX_CHECK_SLOT_AFTER: Final = timedelta(hours=6)
"""Between which times maintenance looks again at the slot that a task waits for."""


EXPIRE_AFTER: Final = timedelta(days=400)
"""When what is stored beside tasks expires: later than any of them may start."""


class OnFailure(StrEnum):
    """What becomes of a task when one that it waits for fails or is cancelled."""

    CANCEL = "cancel"
    RUN = "run"


class GroupPolicy(StrEnum):
    """What a new task does to those of its group that wait."""

    QUEUE = "queue"
    """It waits behind them."""

    LATEST = "latest"
    """It takes their place: they are cancelled."""


class TaskRelations(Model):
    """The relations of a task; most tasks have none.

    It runs `after` these tasks, of which it still waits for `waits_for`. `has_dependents` marks
    that others wait, or have waited, for it. `checked_at` is when the tasks that it waits for were
    last looked at. `ends_dependents` marks that it was cancelled with all that depend on it.
    Of its `group` only so many tasks run at once. With `cancel_running` it also takes the place of
    those that run. `limited_by` is the full slot that the task waits for, `slots` are those that it
    has held since its last claim. `group_since` is its time within the group unless that is its
    creation: a webhook that is interpreted later has the place of its arrival.
    `revision` counts the changes that are no step, so that none of them overwrites another.
    """

    after: tuple[TaskId, ...] = ()
    on_failure: OnFailure = OnFailure.CANCEL
    waits_for: tuple[TaskId, ...] = ()
    has_dependents: bool = False
    ends_dependents: bool = False
    group: str | None = None
    group_policy: GroupPolicy = GroupPolicy.QUEUE
    cancel_running: bool = False
    group_since: UtcDatetime | None = None
    limited_by: str | None = None
    slots: tuple[str, ...] = ()
    checked_at: UtcDatetime | None = None
    revision: int = 0

    def due_at(self, updated_at: datetime) -> datetime:
        """Return when maintenance looks at what the task waits for."""
        since = self.checked_at or updated_at
        if not self.limited_by:
            return since + CHECK_AFTER
        # there may be thousands of them: the longer one waits, the rarer the look
        return since + min(max(since - updated_at, CHECK_SLOT_AFTER), MAX_CHECK_SLOT_AFTER)
