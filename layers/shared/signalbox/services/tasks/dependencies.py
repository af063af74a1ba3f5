"""Let tasks wait for others, and go on when those have ended.

A task is in the index of dependents of each task that it waits for before it exists, and looks at
them itself after it exists. So the end of one of them is noticed by the one or the other.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from signalbox.models.dependencies import (
    UnknownTask,
    checked,
    related,
    settled,
    with_dependents,
)
from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.errors import Conflict, NotFound, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import notified
from signalbox.models.task import Task
from signalbox.services.ports.tasks import DependentIndex, TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.find_task import find_task, find_tasks

_MAX_WRITES: Final = 10
SETTLED_AT_ONCE: Final = 100
"""How many dependents of a task the dispatcher looks at before it leaves others to maintenance."""


LISTED_DEPENDENTS: Final = 20
"""How many of the tasks that wait for a task are listed."""

_LOOKED_AT: Final = 100
"""How many registered dependents are looked at for these."""


@frozen
class ListDependents:
    """List the tasks that wait for a task."""

    tasks: TaskStore
    index: DependentIndex

    def __call__(self, awaited: TaskId) -> tuple[tuple[Task, ...], bool]:
        """Return the first tasks that wait for this one, and whether there may be more.

        Raises:
            NotFound: There is no such task.
        """
        task = self.tasks.get(awaited)
        if task.finished or not (task.relations and task.relations.has_dependents):
            return (), False
        waiting: list[Task] = []
        # those that were cancelled stay registered until the task ends
        for position, dependent in enumerate(self.index.dependents(awaited)):
            if position >= _LOOKED_AT or len(waiting) > LISTED_DEPENDENTS:
                return tuple(waiting[:LISTED_DEPENDENTS]), True
            found = find_task(self.tasks, dependent)
            if found and awaited in found.waits_for:
                waiting.append(found)
        return tuple(waiting[:LISTED_DEPENDENTS]), len(waiting) > LISTED_DEPENDENTS


@frozen
class AwaitTasks:
    """Register that a task waits for others."""

    tasks: TaskStore
    index: DependentIndex

    def find(self, awaited: Iterable[TaskId]) -> list[Task]:
        """Return the tasks with these ids.

        Raises:
            UnknownTask: One does not exist.
        """
        found = self.existing(awaited)
        missing = [each for each in awaited if each not in found]
        if missing:
            raise UnknownTask(f"there is no task {missing[0]} to run after")
        return list(found.values())

    def existing(self, awaited: Iterable[TaskId]) -> dict[TaskId, Task]:
        """Return those of the tasks with these ids that exist, as they are now."""
        return {each: task for each, task in find_tasks(self.tasks, awaited).items() if task}

    def __call__(self, dependent: TaskId, awaited: Iterable[Task]) -> None:
        """Register the dependent, which need not exist yet, with each unfinished task."""
        for task in awaited:
            if not task.finished:
                self.index.add(task.id, dependent)
                with suppress(NotFound):  # it has ended and expired
                    self._mark(task)

    def again(self, task: Task) -> Task:
        """Return the retried task, waiting for those that it runs after and that have not ended."""
        awaited = [each for each in self.existing(task.runs_after).values() if not each.finished]
        self(task.id, awaited)
        return entry_at_due_time(related(task, waits_for=tuple(each.id for each in awaited)))

    def _mark(self, task: Task) -> None:
        """Mark that the task has dependents, unless it ends meanwhile."""
        for _ in range(_MAX_WRITES):
            after = with_dependents(task)
            if after is task or task.finished:
                return
            try:
                self.tasks.replace(task, after)
            except WriteConflict:
                task = self.tasks.get(task.id)
            else:
                return
        raise Unavailable("a task that others wait for changes too fast")


@frozen
class SettleDependents:
    """Move the tasks on that wait for others."""

    tasks: TaskStore
    index: DependentIndex
    clock: Clock
    at_once: int = SETTLED_AT_ONCE

    def of_ended(self, awaited: Task) -> bool:
        """Move on what waits for a task that has ended; return whether nothing is left.

        Raises:
            Unavailable: A store did not answer.
        """
        if awaited.relations is None or not awaited.relations.has_dependents:
            return True
        now = find_tasks(self.tasks, [awaited.id])
        if not all(task and task.finished for task in now.values()):
            return True  # it was retried, or has expired, which a dispatched end only does
        looked_at = 0
        for dependent in self.index.dependents(awaited.id):
            if looked_at >= self.at_once:
                return False
            try:
                after = self._settle(dependent, now)
            except NotFound:
                continue  # it may be about to be created, and will look itself
            looked_at += 1
            if awaited.id not in after.waits_for:
                self.index.remove(awaited.id, dependent)
        return True

    def of_waiting(self, waiting: Task, *, is_dispatched: bool) -> None:
        """Move a task on that waits for others, and mark it if its changes are dispatched.

        Raises:
            Unavailable: A store did not answer.
        """
        with suppress(Conflict, NotFound):
            after = self._settle(waiting.id)
            # of one that took a step the next change is dispatched by itself
            if is_dispatched and after.waits_for and after.version == waiting.version:
                self.tasks.replace(after, checked(notified(after), self.clock()))

    def _settle(self, task: TaskId, awaited: Mapping[TaskId, Task | None] | None = None) -> Task:
        """Return the task after a look at these that it waits for, or at all of them."""
        for _ in range(_MAX_WRITES):
            before = self.tasks.get(task)
            after = settled(
                before, awaited or find_tasks(self.tasks, before.waits_for), self.clock()
            )
            if after is before:
                return before
            try:
                self.tasks.replace(before, after)
            except WriteConflict:
                continue
            return after
        raise Unavailable("the task changes too fast")
