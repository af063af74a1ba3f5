"""The tasks that wait for a task, in memory."""

from collections.abc import Callable, Iterator

from signalbox.models.errors import Unavailable
from signalbox.models.ids import TaskId
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.tasks.dependencies import AwaitTasks


class FakeDependents:
    """A DependentIndex. While `down` it does nothing but raise Unavailable."""

    def __init__(self) -> None:
        self.kept: set[tuple[TaskId, TaskId]] = set()
        self.down = False

    def add(self, awaited: TaskId, dependent: TaskId) -> None:
        self._reach()
        self.kept.add((awaited, dependent))

    def dependents(self, awaited: TaskId) -> Iterator[TaskId]:
        self._reach()
        return iter(sorted(dependent for each, dependent in self.kept if each == awaited))

    def remove(self, awaited: TaskId, dependent: TaskId) -> None:
        self._reach()
        self.kept.discard((awaited, dependent))

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the tasks did not answer")


def awaiting(tasks: TaskStore) -> Callable[[], AwaitTasks]:
    """Return what makes tasks of this store wait for others."""
    return lambda: AwaitTasks(tasks=tasks, index=FakeDependents())
