"""Let the latest task of a group take the place of the earlier ones."""

from collections.abc import Set as AbstractSet
from typing import Final

from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled
from signalbox.models.relations import GroupPolicy
from signalbox.models.slots import position_of, task_at
from signalbox.models.task import Task, TaskStatus
from signalbox.services.ports.concurrency import ConcurrencyStore, GroupMember
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.apply_step import apply_step
from signalbox.services.tasks.find_task import find_task

GROUP_ACTOR: Final = "group"
"""The actor of steps that a later task of the same group causes."""

SUPERSEDED_AT_ONCE: Final = 200
"""How many tasks of a group one call cancels."""

_AWAITING: Final = TaskStatus.AWAITING_APPROVAL
_WAITING: Final = frozenset({TaskStatus.PENDING, _AWAITING})


@frozen
class ManageGroups:
    """Add tasks to their groups, and cancel those whose place a later one takes.

    A task joins before it looks at the others. So of two that are created at once one sees the
    other, and no claim comes between, since a task has no message before. One that awaits approval
    takes the place only of others that do. Tasks of one webhook do not take each other's place.
    """

    tasks: TaskStore
    store: ConcurrencyStore
    clock: Clock

    def leave(self, task: Task) -> None:
        """Remove a task that has ended from its group."""
        if task.relations and task.relations.group is not None:
            self.store.remove_member(task.relations.group, position_of(task))

    def supersede(self, task: Task) -> bool:
        """Add the task to its group, and cancel it if a later one takes its place.

        Otherwise cancel those whose place it takes.

        Return whether the task still waits.

        Raises:
            Unavailable: A store did not answer, or there are more to cancel.
        """
        relations = task.relations
        if relations is None or relations.group is None:
            return True
        own, superseded = position_of(task), 0
        is_latest = relations.group_policy is GroupPolicy.LATEST
        self.store.add_member(relations.group, GroupMember(position=own, is_latest=is_latest))
        for member in self.store.members(relations.group):
            other = task_at(member.position)
            if other == task.id:
                continue
            if member.position > own:
                later = self._replacement(other, task) if member.is_latest else None
                if later:
                    return not self._cancel(task.id, later, _WAITING)
            elif not is_latest:
                return True
            else:
                if superseded >= SUPERSEDED_AT_ONCE:
                    raise Unavailable("more tasks of the group have to be cancelled")
                if self._supersede(other, task):
                    self.store.remove_member(relations.group, member.position)
                    superseded += 1  # others do not count: they would be met each time
        return True

    def _replacement(self, later: TaskId, task: Task) -> Task | None:
        """Return a later task of the group if it takes the place of this one."""
        found = find_task(self.tasks, later)
        if found is None or found.finished or _of_same_delivery(found, task):
            return None
        is_approved = found.status is not _AWAITING
        return found if is_approved or task.status is _AWAITING else None

    def _supersede(self, earlier: TaskId, task: Task) -> bool:
        """Let the task take the place of an earlier one; return whether that has ended."""
        runs = task.relations is not None and task.relations.cancel_running
        ending = _WAITING | ({TaskStatus.RUNNING} if runs else set())
        return self._cancel(earlier, task, {_AWAITING} if task.status is _AWAITING else ending)

    def _cancel(self, task: TaskId, later: Task, statuses: AbstractSet[TaskStatus]) -> bool:
        """Cancel a task with one of these statuses; return whether it has ended."""
        reason = f"the later task {later.id} of its group has taken its place"

        def step(before: Task) -> Task:
            if before.status not in statuses or _of_same_delivery(before, later):
                return before
            return cancelled(before, reason, self.clock(), by=GROUP_ACTOR)

        try:
            return apply_step(self.tasks, task, None, step).finished
        except NotFound:
            return True  # it has expired
        except WriteConflict as conflict:
            raise Unavailable("a task of the group changes too fast") from conflict


def _of_same_delivery(task: Task, other: Task) -> bool:
    delivery = task.origin.delivery_id
    return delivery is not None and delivery == other.origin.delivery_id
