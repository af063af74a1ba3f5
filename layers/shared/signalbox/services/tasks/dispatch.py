"""Dispatch the changes of a task: a message for its workers, notifications for its subscribers.

It may run twice for a change with the same outcome: the id of a notification is derived from its
change and connection, and a second message finds nothing to do.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

from signalbox.models.errors import ConfigurationUnreadable, Conflict, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.lifecycle import dispatched, notified, queued
from signalbox.models.task import Priority, Task, TaskStatus, TaskStep
from signalbox.services.ports.tasks import TaskQueue, TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.outbox import Outbox

if TYPE_CHECKING:
    from signalbox.services.tasks.dispatch_relations import DispatchRelations


def _first_to_retry(errors: Sequence[Unavailable]) -> Unavailable:
    """Return an error after which an early retry may help, if there is one."""
    return min(errors, key=lambda each: isinstance(each, ConfigurationUnreadable))


def _never_idle(_priority: Priority) -> bool:
    """Return that workers may not keep up, so that every task is marked."""
    return False


@frozen
class DispatchChanges:
    """Dispatch changes.

    Where workers keep up with a queue, which `is_idle` tells, a new task is not marked: it will be
    claimed before maintenance would send another message. `relations` is made when a task has some.
    """

    tasks: TaskStore
    queue: TaskQueue
    clock: Clock
    notify: NotifyChanges
    relations: "Callable[[], DispatchRelations] | None" = None
    is_idle: Callable[[Priority], bool] = _never_idle

    def __call__(self, task: Task, steps: Sequence[TaskStep]) -> None:
        """Dispatch these steps of the task.

        It may be called again for the same steps.

        Raises:
            Unavailable: Something could not be dispatched, after everything else was; the steps
                stay undispatched. ConfigurationUnreadable means that an early retry will not
                help.
        """
        outbox = self.outbox()
        for _ in self.in_phases(task, steps, outbox):
            outbox.send()

    def outbox(self) -> Outbox:
        """Return an empty outbox."""
        return Outbox(queue=self.queue, notification_queue=self.notify.notification_queue)

    def in_phases(
        self, task: Task, steps: Sequence[TaskStep], outbox: Outbox
    ) -> Generator[None, None, None]:
        """Dispatch these steps, and yield where the outbox has to be sent before it goes on.

        It first yields with the message for the worker, then with those for notifications. So the
        messages of several tasks can be sent together.

        Raises:
            Unavailable: As above.
        """
        relations = self.relations() if self.relations and task.relations else None
        if relations and (task.waits_for or task.limited_by):
            yield from self._dispatch_waiting(task, relations, outbox)
            return
        is_waiting = task.status is TaskStatus.PENDING and task.sent_at is None
        awaits_approval = task.status is TaskStatus.AWAITING_APPROVAL
        marks_steps = is_waiting or task.finished or awaits_approval
        will_be_claimed = is_waiting and self._will_be_claimed(task)
        now = self.clock()
        is_early = is_waiting and task.is_early(now)
        if (is_waiting or awaits_approval) and relations and not relations.may_wait(task):
            return  # it was cancelled, and that step is dispatched by itself
        if is_waiting and not is_early:
            # workers go first: a failing notification must not delay them
            delay = ceil(task.start_delay(now).total_seconds())
            outbox.add_task(task, delay=delay)
        yield
        if error := outbox.error_of(task.id):
            raise error
        # the mark covers every step so far, also those that the stream has given up
        covered = task.undispatched if marks_steps else steps
        errors = yield from self._notify_all(task, covered, outbox)
        if relations and not relations.after_step(task):
            marks_steps = False  # maintenance goes on with those that are left
        if is_early and not errors:
            self._mark(task, notified(task))
        elif marks_steps and not will_be_claimed and not is_early:
            self._mark(task, (queued if errors else dispatched)(task, self.clock()))
        if errors:
            raise _first_to_retry(errors)

    def _dispatch_waiting(
        self, task: Task, relations: "DispatchRelations", outbox: Outbox
    ) -> Generator[None, None, None]:
        """Dispatch the steps of a task that waits for others or for a slot, and look at these."""
        if not relations.may_wait(task):
            return
        errors = yield from self._notify_all(task, task.undispatched, outbox)
        relations.of_waiting(task, is_dispatched=not errors)
        if errors:
            raise _first_to_retry(errors)

    def _will_be_claimed(self, task: Task) -> bool:
        """Return whether a worker probably claims the task before it is overdue."""
        now = self.clock()
        in_time = task.due_at is not None and now < task.due_at and not task.start_delay(now)
        return in_time and self.is_idle(task.priority)

    def _mark(self, before: Task, after: Task) -> None:
        # losing the race is harmless: the next step is dispatched by itself
        with suppress(Conflict):
            self.tasks.replace(before, after)

    def _notify_all(
        self, task: Task, steps: Sequence[TaskStep], outbox: Outbox
    ) -> Generator[None, None, list[Unavailable]]:
        """Create the notifications of the steps and return the errors that prevented some."""
        errors = list(self.notify(task, steps, outbox))
        yield
        error = outbox.error_of(task.id)
        return [*errors, error] if error else errors
