"""Cancel a task together with all tasks that depend on it, directly or not.

Each task is marked as it is cancelled, so that the dispatcher goes on where a call ends: with what
depends on it, also with tasks that would run after a failure.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from signalbox.models.dependencies import DEPENDENCY_ACTOR, related
from signalbox.models.errors import Conflict, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled
from signalbox.models.task import Task, TaskStatus
from signalbox.services.ports.tasks import DependentIndex, TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.apply_step import ExpectedVersions, apply_step

CANCELLED_AT_ONCE: Final = 100
"""How many dependents one call cancels."""

_LOOKED_AT_FOR_ONE: Final = 10
"""How many more one call looks at: those of an earlier call may still be in the index."""


@frozen
class SubtreeResult:
    """The cancelled task, which dependents this call has cancelled, and whether there are more."""

    task: Task
    dependents: tuple[TaskId, ...]
    more: bool


@frozen
class CancelSubtree:
    """Cancel a task and what depends on it."""

    tasks: TaskStore
    index: DependentIndex
    clock: Clock
    at_once: int = CANCELLED_AT_ONCE

    def __call__(
        self, task: TaskId, versions: ExpectedVersions, *, by: str, reason: str | None = None
    ) -> SubtreeResult:
        """Return what was cancelled. Calling it again goes on where it ended.

        Raises:
            NotFound: There is no such task.
            PreconditionFailed: The task has another version.
            Conflict: The task has succeeded or failed.
        """

        def step(task: Task) -> Task:
            if task.status is TaskStatus.CANCELLED:
                marked = task.relations and task.relations.ends_dependents
                return task if marked else related(task, ends_dependents=True)
            return cancelled(related(task, ends_dependents=True), reason, self.clock(), by)

        return self._cancel_dependents(apply_step(self.tasks, task, versions, step))

    def _cancel_dependents(self, root: Task) -> SubtreeResult:
        ended, seen, left = list[TaskId](), {root.id}, deque([root])
        while left:
            awaited = left.popleft()
            for dependent in self._dependents(awaited):
                if dependent in seen:
                    continue
                if len(ended) >= self.at_once or len(seen) > self.at_once * _LOOKED_AT_FOR_ONE:
                    return SubtreeResult(task=root, dependents=tuple(ended), more=True)
                seen.add(dependent)
                after, has_ended = self._cancel(dependent, awaited.id, root.id)
                if has_ended:
                    ended.append(dependent)
                if after and after.status is TaskStatus.CANCELLED:
                    left.append(after)  # one that was retried keeps what waits for it
        return SubtreeResult(task=root, dependents=tuple(ended), more=False)

    def _dependents(self, awaited: Task) -> Iterator[TaskId]:
        is_awaited = awaited.relations and awaited.relations.has_dependents
        return self.index.dependents(awaited.id) if is_awaited else iter(())

    def _cancel(self, task: TaskId, awaited: TaskId, root: TaskId) -> tuple[Task | None, bool]:
        """Cancel a task if it waits for another one; return it, and whether this cancelled it."""
        reason = f"cancelled together with the task {root}, on which it depends"
        waited = False

        def step(task: Task) -> Task:
            nonlocal waited
            waited = awaited in task.waits_for
            if not waited:
                return task
            marked = related(task, ends_dependents=True)
            return cancelled(marked, reason, self.clock(), by=DEPENDENCY_ACTOR)

        with suppress(Conflict, NotFound):
            # what changes too fast here is cancelled by the dispatcher
            return apply_step(self.tasks, task, None, step), waited
        return None, False
