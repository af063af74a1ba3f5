"""The life cycle of a task.

`pending → running → succeeded | failed | cancelled`, back to `pending` by a lost lease, a retryable
failure, a release or a retry. A task that needs an approval begins as `awaiting_approval`. Each
function takes a task and returns the next one, or raises `Conflict`. A step increments `version`
and is appended to `history`.
"""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.due_entry import entry_at_due_time, entry_while_leased, next_heartbeat
from signalbox.models.errors import Conflict, LeaseLost
from signalbox.models.ids import LeaseId
from signalbox.models.task import (
    ChangeType,
    EditableFields,
    Lease,
    Task,
    TaskResult,
    TaskStatus,
    TaskStep,
)

_RENEWING: Final = frozenset(
    {
        ChangeType.APPROVED,
        ChangeType.RELEASED,
        ChangeType.LEASE_LOST,
        ChangeType.RETRIED,
        ChangeType.UPDATED,
        ChangeType.READY,
    }
)
"""The steps after which the task has another message; an edit may change its priority."""

_SKEW: Final = timedelta(seconds=1)
_HISTORY: Final = 50
_REASON: Final = 300


def created(task: Task, by: str) -> Task:
    """Return the task with the first entry of its history."""
    step = TaskStep(
        version=task.version,
        type=ChangeType.CREATED,
        status=task.status,
        at=task.created_at,
        by=by,
        attempt=0,
    )
    return entry_at_due_time(task.model_copy(update={"history": (step,)}))


def editable(task: Task) -> EditableFields:
    """Return the editable fields of the task."""
    return EditableFields(
        title=task.title,
        description=task.description,
        priority=task.priority,
        labels=task.labels,
        due=task.due,
    )


def edited(task: Task, values: EditableFields, now: datetime, by: str) -> Task:
    """Return the task with new values, or the same object if nothing changes.

    With another priority it needs a message in another queue, so it counts as having none;
    otherwise the time of its message starts again.

    Raises:
        Conflict: The task has finished.
    """
    if task.finished:
        raise Conflict(f"the task is {task.status}")
    kept = editable(task)
    changed = [name for name, value in values if value != getattr(kept, name)]
    if not changed:
        return task
    update = {name: getattr(values, name) for name in changed}
    if task.sent_at:
        update["sent_at"] = None if "priority" in changed else max(now, task.sent_at)
    reason = f"changed {', '.join(changed)}"
    return _stepped(task.model_copy(update=update), ChangeType.UPDATED, now, by=by, reason=reason)


def leased(task: Task, lease: Lease, now: datetime) -> Task:
    """Return the task with a lease of a worker.

    Raises:
        Conflict: Another lease is valid, or the task has finished, is not due yet or has no
            attempts left.
    """
    if task.finished:
        raise Conflict(f"the task is {task.status}")
    if task.status is TaskStatus.AWAITING_APPROVAL:
        raise Conflict("the task awaits approval")
    if holder_until(task, now):
        raise Conflict("the task is held by another worker")
    if task.waits_for:
        raise Conflict("the task waits for other tasks")
    if task.not_before and task.not_before > now:
        raise Conflict("the task may not start yet")
    if task.attempt >= task.max_attempts:
        raise Conflict("the task has no attempts left")
    running = task.model_copy(
        update={
            "status": TaskStatus.RUNNING,
            "lease": lease,
            "fence": task.fence + 1,
            "attempt": task.attempt + 1,
            "started_at": task.started_at or now,
            "sent_at": task.sent_at or now,
            "not_before": None,
            "progress": None,
        }
    )
    after = _appended(running, ChangeType.STARTED, now, by=f"worker:{lease.worker}")
    return entry_while_leased(task, after, now)


def holder_until(task: Task, now: datetime) -> datetime | None:
    """Return when the current lease ends, or None if there is none."""
    if task.status is TaskStatus.RUNNING and task.lease and task.lease.expires_at > now:
        return task.lease.expires_at
    return None


def current_lease(task: Task, lease: LeaseId, fence: int) -> Lease:
    """Return the current lease of the task.

    Raises:
        LeaseLost: It is not this one.
    """
    held = task.lease
    if task.status is not TaskStatus.RUNNING or held is None or not _same(task, lease, fence):
        raise LeaseLost("the lease is not the current one")
    return held


def extended(
    task: Task, lease: LeaseId, fence: int, until: datetime, progress: str | None, now: datetime
) -> Task:
    """Return the task with a longer lease. It is not a step.

    Its message stays hidden as it is if it will not be seen before the next heartbeat, also of a
    worker that sends them less often from now on: its lease has a `hidden_until` then.

    Raises:
        LeaseLost: The lease is not the current one.
    """
    held = current_lease(task, lease, fence)
    hidden = held.hidden_until or held.expires_at
    stays = next_heartbeat(now, until) < hidden <= until
    lease_update = {"expires_at": until, "hidden_until": hidden if stays else None}
    update = {"lease": held.model_copy(update=lease_update)}
    after = task.model_copy(update=update | ({"progress": progress} if progress else {}))
    return entry_while_leased(task, after, now)


def succeeded(task: Task, lease: LeaseId, fence: int, result: TaskResult, now: datetime) -> Task:
    """Return the completed task. Repeating it under the same lease changes nothing.

    Raises:
        LeaseLost: The lease is not the current one.
    """
    if _ended_by(task, lease, fence, TaskStatus.SUCCEEDED) and task.result == result:
        return task
    held = current_lease(task, lease, fence)
    done = task.model_copy(update={"result": result})
    return _finished(done, TaskStatus.SUCCEEDED, now, by=f"worker:{held.worker}", reason=None)


def attempt_failed(
    task: Task, lease: LeaseId, fence: int, reason: str, retry_at: datetime | None, now: datetime
) -> Task:
    """Return the task after a failed attempt: pending until `retry_at`, or failed.

    It fails finally if `retry_at` is None or no attempts are left. Repeating it under the same
    lease changes nothing.

    Raises:
        LeaseLost: The lease is not the current one.
    """
    if _ended_by(task, lease, fence, TaskStatus.FAILED) and task.reason == reason:
        return task
    if retry_at and _given_back(task, lease, fence, ChangeType.RETRYING):
        return task
    by = f"worker:{current_lease(task, lease, fence).worker}"
    if retry_at is None or task.attempt >= task.max_attempts:
        return _finished(task, TaskStatus.FAILED, now, by=by, reason=reason)
    waiting = _waiting(task).model_copy(update={"not_before": retry_at, "released_at": lease})
    return _stepped(waiting, ChangeType.RETRYING, now, by=by, reason=reason)


def released(task: Task, lease: LeaseId, fence: int, reason: str | None, now: datetime) -> Task:
    """Return the released task, without a message; the attempt does not count.

    Repeating it under the same lease changes nothing.

    Raises:
        LeaseLost: The lease is not the current one.
    """
    if _given_back(task, lease, fence, ChangeType.RELEASED):
        return task
    held = current_lease(task, lease, fence)
    update = {"attempt": task.attempt - 1, "released_at": lease, "sent_at": None}
    waiting = _waiting(task).model_copy(update=update)
    by = f"worker:{held.worker}"
    return _stepped(waiting, ChangeType.RELEASED, now, by=by, reason=reason)


def lease_ended(task: Task, now: datetime, by: str) -> Task:
    """Return the task after its lease expired: pending without a message, or failed.

    Raises:
        Conflict: The lease has not expired.
    """
    if task.status is not TaskStatus.RUNNING or holder_until(task, now):
        raise Conflict("the task is not held by a lost worker")
    reason = "the worker was lost: its lease ended without an outcome"
    if task.attempt >= task.max_attempts:
        return _finished(task, TaskStatus.FAILED, now, by=by, reason=reason)
    waiting = _waiting(task).model_copy(update={"sent_at": None})
    return _stepped(waiting, ChangeType.LEASE_LOST, now, by=by, reason=reason)


def given_up(task: Task, reason: str, sent: datetime, now: datetime, by: str) -> Task:
    """Return the failed task, after a message sent at that time was received too often.

    Raises:
        Conflict: The task has finished, has a lease, waits for other tasks, or needs or has a
            later message.
    """
    if task.finished or task.waits_for or holder_until(task, now):
        raise Conflict(f"the task is {task.status}")
    renewed = max((step.at for step in task.history if step.type in _RENEWING), default=sent)
    if sent < renewed - _SKEW:
        raise Conflict("the task has got another message since")
    return _finished(task, TaskStatus.FAILED, now, by=by, reason=reason)


def cancelled(task: Task, reason: str | None, now: datetime, by: str) -> Task:
    """Return the cancelled task.

    Raises:
        Conflict: The task has finished.
    """
    if task.finished:
        raise Conflict(f"the task is {task.status}")
    return _finished(task, TaskStatus.CANCELLED, now, by=by, reason=reason)


def ready(task: Task, now: datetime, by: str) -> Task:
    """Return the pending task that waits for no other task any more."""
    # what counts as its age in the queue begins now
    not_before = max(now, task.not_before or now)
    waiting = task.model_copy(update={"not_before": not_before, "sent_at": None})
    return _stepped(waiting, ChangeType.READY, now, by=by)


def approved(task: Task, now: datetime, by: str, reason: str | None = None) -> Task:
    """Return the task that may run now.

    Raises:
        Conflict: It awaits no approval, the approval has expired, or `by` requested the task
            and may not approve it.
    """
    approval = task.approval
    if task.status is not TaskStatus.AWAITING_APPROVAL or approval is None:
        raise Conflict(f"the task is {task.status}")
    if task.approval_is_over(now):
        raise Conflict("the time for an approval is over")
    if approval.requester is not None and _is_same_person(approval.requester, by):
        raise Conflict("who requested the task may not approve it")
    pending = task.model_copy(
        update={
            "status": TaskStatus.PENDING,
            "approval": approval.model_copy(update={"by": by}),
            "sent_at": None,
        }
    )
    return _stepped(pending, ChangeType.APPROVED, now, by=by, reason=reason)


def rejected(task: Task, reason: str | None, now: datetime, by: str) -> Task:
    """Return the cancelled task, whose approval was refused.

    Raises:
        Conflict: It awaits no approval.
    """
    if task.status is not TaskStatus.AWAITING_APPROVAL:
        raise Conflict(f"the task is {task.status}")
    why = f"rejected by {by}: {reason}" if reason else f"rejected by {by}"
    return _finished(task, TaskStatus.CANCELLED, now, by=by, reason=why)


def approval_expired(task: Task, now: datetime, by: str) -> Task:
    """Return the cancelled task, whose approval nobody gave in time.

    Raises:
        Conflict: It awaits no approval, or there is time left.
    """
    if not task.approval_is_over(now):
        raise Conflict(f"the task is {task.status}")
    return _finished(task, TaskStatus.CANCELLED, now, by=by, reason="nobody approved it in time")


def retried(task: Task, now: datetime, by: str, reason: str | None = None) -> Task:
    """Return the task with new attempts. If it was never approved, it awaits approval again.

    It waits for no other task.

    Raises:
        Conflict: The task has not failed and was not cancelled.
    """
    if task.status not in {TaskStatus.FAILED, TaskStatus.CANCELLED}:
        raise Conflict(f"the task is {task.status}")
    again = _waiting(task).model_copy(
        update={"attempt": 0, "sent_at": None, "finished_at": None, "result": None, "reason": None}
    )
    if task.relations:
        free = {
            "waits_for": (),
            "ends_dependents": False,
            "limited_by": None,
            "slots": (),
            "checked_at": None,
        }
        update = {"relations": task.relations.model_copy(update=free)}
        again = again.model_copy(update=update)
    if task.approval and task.approval.by is None:
        until = now + timedelta(seconds=task.approval.seconds)
        again = again.model_copy(
            update={
                "status": TaskStatus.AWAITING_APPROVAL,
                "approval": task.approval.model_copy(update={"expires_at": until}),
            }
        )
    return _stepped(again, ChangeType.RETRIED, now, by=by, reason=reason)


def queued(task: Task, now: datetime) -> Task:
    """Return the pending task with a message in its queue. It is not a step.

    The message of a delayed task becomes visible when the task may start.
    """
    sent_at = max(now, task.not_before or now)
    return entry_at_due_time(task.model_copy(update={"sent_at": sent_at}))


def dispatched(task: Task, now: datetime) -> Task:
    """Return the task with all changes dispatched, and with a message if it is pending.

    Not a step.
    """
    if task.status is TaskStatus.PENDING:
        return queued(task.model_copy(update={"dispatched": task.version}), now)
    return notified(task)


def notified(task: Task) -> Task:
    """Return the task with all changes dispatched, but without a message. Not a step."""
    return entry_at_due_time(task.model_copy(update={"dispatched": task.version}))


def _is_same_person(one: str, other: str) -> bool:
    """Return whether two actors are the same: accounts are compared without case."""
    return one.casefold() == other.casefold()


def _same(task: Task, lease: LeaseId, fence: int) -> bool:
    return task.lease is not None and task.lease.id == lease and task.fence == fence


def _ended_by(task: Task, lease: LeaseId, fence: int, status: TaskStatus) -> bool:
    return task.status is status and _same(task, lease, fence)


def _given_back(task: Task, lease: LeaseId, fence: int, step: ChangeType) -> bool:
    return (task.released_at, task.fence, task.last_step.type) == (lease, fence, step)


def _waiting(task: Task) -> Task:
    return task.model_copy(
        update={"status": TaskStatus.PENDING, "lease": None, "not_before": None, "progress": None}
    )


def _finished(
    task: Task, status: TaskStatus, now: datetime, *, by: str, reason: str | None
) -> Task:
    ended = task.model_copy(update={"status": status, "finished_at": now, "reason": reason})
    # its entry stays, unless it is late: it is removed when the end is dispatched
    return _appended(ended, ChangeType(status.value), now, by=by, reason=reason)


def _stepped(
    task: Task, type_: ChangeType, now: datetime, *, by: str, reason: str | None = None
) -> Task:
    return entry_at_due_time(_appended(task, type_, now, by=by, reason=reason))


def _appended(
    task: Task, type_: ChangeType, now: datetime, *, by: str, reason: str | None = None
) -> Task:
    step = TaskStep(
        version=task.version + 1,
        type=type_,
        status=task.status,
        at=now,
        by=by,
        attempt=task.attempt,
        reason=reason[:_REASON] if reason else None,
    )
    kept = task.history if len(task.history) < _HISTORY else (task.history[0], *task.history[2:])
    return task.model_copy(
        update={"version": step.version, "updated_at": now, "history": (*kept, step)}
    )
