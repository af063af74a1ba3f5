"""Apply a step to a stored task, again if another process was faster."""

from collections.abc import Callable
from typing import Final

from signalbox.models.errors import PreconditionFailed, WriteConflict
from signalbox.models.ids import TaskId
from signalbox.models.task import Task
from signalbox.services.ports.tasks import TaskStore

ExpectedVersions = frozenset[int] | None
"""The versions that a caller expects; None means any."""

_MAX_WRITES: Final = 3


def apply_step(
    tasks: TaskStore, task: TaskId, versions: ExpectedVersions, step: Callable[[Task], Task]
) -> Task:
    """Return the task after a step, which returns the same object if there is nothing to do.

    Raises:
        NotFound: There is no such task.
        PreconditionFailed: The task has another version.
        WriteConflict: Other processes change the task too fast.
        SignalboxError: What the step raises.
    """
    for _ in range(_MAX_WRITES):
        before = tasks.get(task)
        if versions is not None and before.version not in versions:
            raise PreconditionFailed(f"the task is at version {before.version}")
        after = step(before)
        if after is before:
            return before
        try:
            tasks.replace(before, after)
        except WriteConflict:
            continue
        return after
    raise WriteConflict("the task changes too fast")
