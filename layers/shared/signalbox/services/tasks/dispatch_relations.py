"""What the dispatcher does for tasks that have to do with others."""

from signalbox.models.frozen import frozen
from signalbox.models.task import Task, TaskStatus
from signalbox.services.tasks.dependencies import SettleDependents
from signalbox.services.tasks.groups import ManageGroups
from signalbox.services.tasks.slots import TaskSlots


@frozen
class DispatchRelations:
    """Move tasks on that wait for others, or for a slot, and let the latest of a group win.

    Each method raises Unavailable if a store or a queue did not answer, and can be called again.
    """

    dependents: SettleDependents
    slots: TaskSlots
    groups: ManageGroups

    def may_wait(self, task: Task) -> bool:
        """Return whether a waiting task goes on to wait, since no later one takes its place."""
        # who comes after its changes were dispatched looks at the task
        return not task.undispatched or self.groups.supersede(task)

    def of_waiting(self, task: Task, *, is_dispatched: bool) -> None:
        """Look at what a task waits for, and mark the task if its changes are dispatched."""
        if task.waits_for:
            self.dependents.of_waiting(task, is_dispatched=is_dispatched)
        else:
            self.slots.of_parked(task, is_dispatched=is_dispatched)

    def after_step(self, task: Task) -> bool:
        """Move on what waits for a task; return whether nothing is left."""
        if task.status is TaskStatus.RUNNING:
            return True
        slots = task.relations.slots if task.relations else ()
        results = [self.slots.send_waiting(slot) for slot in slots]
        if task.finished:
            self.groups.leave(task)
            results.append(self.dependents.of_ended(task))
        return all(results)
