"""Create a task that a client requested through the API."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from signalbox.models.base import Rfc3339
from signalbox.models.dependencies import still_awaited
from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.errors import IdempotencyKeyReused, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.ids import TASK_ID, RequestId, TaskId, random_task_id, task_id
from signalbox.models.lifecycle import created
from signalbox.models.principal import Principal
from signalbox.models.relations import (
    MAX_AWAITED_TASKS,
    OnFailure,
    TaskRelations,
)
from signalbox.models.start_time import start_time
from signalbox.models.task import Task, TaskOrigin, content_of
from signalbox.models.task_template import GroupedTaskTemplate
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.ports.time import Clock
from signalbox.services.tasks.dependencies import AwaitTasks

_AwaitedTask = Annotated[TaskId, Field(pattern=rf"^{TASK_ID}$")]


class CreateTaskRequest(GroupedTaskTemplate):
    """The body of a request that creates a task, which may start at `not_before`, within a year.

    It runs when all tasks in `after` have succeeded. If one fails or is cancelled it is cancelled,
    or runs all the same when all have ended, as `on_failure` says.
    Of its `group` a limited number of tasks runs at once, one by default. With the `group_policy`
    `latest` it cancels those that wait, and with `cancel_running` those that run.
    """

    not_before: Rfc3339 | None = None
    after: Annotated[
        tuple[_AwaitedTask, ...], Field(max_length=MAX_AWAITED_TASKS, strict=False)
    ] = ()
    on_failure: Annotated[OnFailure, Field(strict=False)] = OnFailure.CANCEL


@frozen
class IdempotencyKey:
    """The key that a client sent, and a hash of the request that it identifies."""

    text: str
    fingerprint: str


@frozen
class CreateTask:
    """Create tasks. `retention` is how long a finished task is stored; 0 means forever."""

    tasks: TaskStore
    clock: Clock
    retention: timedelta
    wait: AwaitTasks

    def __call__(
        self,
        new: CreateTaskRequest,
        principal: Principal,
        *,
        key: IdempotencyKey | None = None,
        request_id: RequestId | None = None,
        traceparent: str | None = None,
    ) -> tuple[Task, bool]:
        """Return the task, and whether this call created it.

        Requests of one caller with the same key create one task. The key determines the id of the
        task and creating it is one conditional write, so there is no state "in progress": the task
        exists or not.

        Raises:
            IdempotencyKeyReused: The key was used for another request.
            StartTooLate: It may start only after more than a year.
            UnknownTask: A task that it runs after does not exist.
        """
        origin = TaskOrigin(
            provider="api",
            request_id=request_id,
            fingerprint=key.fingerprint if key else None,
            traceparent=traceparent,
        )
        task = self._draft(new, principal, key, origin, self.clock())
        if not new.after and new.group is None:
            return created_once(self.tasks, task)
        with suppress(NotFound):
            # what it ran after may have expired since
            if key:
                return same_request(self.tasks.get(task.id), task), False
        return created_once(self.tasks, self._related(task, new))

    def _related(self, task: Task, new: CreateTaskRequest) -> Task:
        """Return the draft with its relations, registered with the tasks that it waits for."""
        after = tuple(dict.fromkeys(new.after))
        awaited = self.wait.find(after)
        waits_for = still_awaited(awaited, new.on_failure)
        self.wait(task.id, [each for each in awaited if each.id in waits_for])
        relations = TaskRelations(
            after=after,
            on_failure=new.on_failure,
            waits_for=waits_for,
            group=new.group,
            group_policy=new.group_policy,
            cancel_running=new.cancel_running,
        )
        return entry_at_due_time(task.model_copy(update={"relations": relations}))

    def _draft(
        self,
        new: CreateTaskRequest,
        principal: Principal,
        key: IdempotencyKey | None,
        origin: TaskOrigin,
        now: datetime,
    ) -> Task:
        id_from_key = task_id("api", principal.name, key.text) if key else None
        task = Task(
            id=id_from_key or random_task_id(),
            **content_of(new),
            origin=origin,
            author=principal.name,
            not_before=start_time(new.not_before, now),
            retention=int(self.retention.total_seconds()),
            created_at=now,
            updated_at=now,
        )
        return created(task, by=principal.name)


def created_once(tasks: TaskStore, task: Task) -> tuple[Task, bool]:
    """Store a new task, and return it, or the one with its id, and whether it is new.

    Raises:
        IdempotencyKeyReused: The one that exists is of another request.
    """
    if tasks.create(task):
        return task, True
    return same_request(tasks.get(task.id), task), False


def same_request(existing: Task, task: Task) -> Task:
    """Return the existing task if it is of the same request as the new one.

    Raises:
        IdempotencyKeyReused: It is of another request.
    """
    if existing.origin.fingerprint != task.origin.fingerprint:
        raise IdempotencyKeyReused("the Idempotency-Key was used for another request")
    return existing
