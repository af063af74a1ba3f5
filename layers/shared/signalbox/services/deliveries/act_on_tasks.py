"""Act on existing tasks, as the commands of a delivery demand: approve, reject, cancel, retry.

The history of a task names the delivery, so that a command that is received again does nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from signalbox.models.errors import Conflict, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId
from signalbox.models.lifecycle import approved, cancelled, rejected, retried
from signalbox.models.source import Controls, Source
from signalbox.models.task import Task
from signalbox.models.task_action import TaskAction, TaskVerb
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.apply_step import apply_step

if TYPE_CHECKING:
    from signalbox.services.tasks.dependencies import AwaitTasks

_Step = Callable[[Task, str, datetime, str], Task]

_STEPS: Final[dict[TaskVerb, _Step]] = {
    TaskVerb.APPROVE: lambda task, reason, now, by: approved(task, now, by, reason),
    TaskVerb.REJECT: rejected,
    TaskVerb.CANCEL: cancelled,
    TaskVerb.RETRY: lambda task, reason, now, by: retried(task, now, by, reason),
}


@frozen
class ActOnTasks:
    """Act on tasks. `wait` is made when a task is retried that runs after others."""

    tasks: TaskStore
    clock: Clock
    wait: "Callable[[], AwaitTasks]"

    def __call__(
        self, actions: Sequence[TaskAction], source: Source, delivery: DeliveryId
    ) -> tuple[str, ...]:
        """Do what the actions demand and return a note on each.

        Raises:
            Unavailable: The store did not answer. Repeating it completes the rest.
        """
        return tuple(self._note(action, source, delivery) for action in actions)

    def _note(self, action: TaskAction, source: Source, delivery: DeliveryId) -> str:
        try:
            after = self._act(action, source, delivery)
        except NotFound:
            return f"{action.verb}: there is no task {action.task}"
        except Conflict as conflict:
            return f"{action.verb} {action.task}: {conflict.reason}"
        return f"{action.verb} {action.task}: it is {after.status}"

    def _act(self, action: TaskAction, source: Source, delivery: DeliveryId) -> Task:
        mark = f"by a command in {delivery}"

        def step(before: Task) -> Task:
            if not _may_act(action, source, before):
                raise NotFound("the source may not act on this task")  # nor learn of it
            if any(each.reason and each.reason.endswith(mark) for each in before.history):
                return before
            reason = f"{action.reason}, {mark}" if action.reason else mark
            after = _STEPS[action.verb](before, reason, self.clock(), action.by)
            is_waiting_again = action.verb is TaskVerb.RETRY and after.runs_after
            return self.wait().again(after) if is_waiting_again else after

        return apply_step(self.tasks, action.task, None, step)


def _may_act(action: TaskAction, source: Source, task: Task) -> bool:
    """Return whether a command of the source counts for the task."""
    if source.controls is Controls.ANY:
        return True
    origin = (task.origin.provider, task.origin.source)
    return origin == (source.provider, source.name) and task.repository == action.repository
