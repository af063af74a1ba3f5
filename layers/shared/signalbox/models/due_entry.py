"""Where the index of due items has a task.

To move an entry costs two write units. Therefore it stays while the task takes its usual way, also
where it is earlier than the time when maintenance must look at the task, and never where it is
later.
"""

from datetime import datetime, timedelta
from typing import Final

from signalbox.models.task import UNSENT_AFTER, Task

_HEARTBEATS_PER_LEASE: Final = 3
"""How many heartbeats a worker sends at least while a lease lasts."""


def entry_at_due_time(task: Task) -> Task:
    """Return the task whose entry is moved to the time when it is due."""
    return _with_entry(task, task.due_at)


def entry_while_leased(before: Task, after: Task, now: datetime) -> Task:
    """Return the leased task with the entry that it had before, or with one at its due time.

    The entry is moved if maintenance would meet it before the next heartbeat. So a worker that
    sends its heartbeats in time causes no work of maintenance, however long it runs.
    """
    entry = before.indexed_due_at
    stays = entry is not None and entry >= _at_same_pace(before, after, now)
    return _with_entry(after, entry if stays else after.due_at)


def next_heartbeat(now: datetime, lease_end: datetime) -> datetime:
    """Return when the heartbeat after this one comes at the latest."""
    return now + (lease_end - now) / _HEARTBEATS_PER_LEASE


def _at_same_pace(before: Task, after: Task, now: datetime) -> datetime:
    """Return when the next heartbeat comes at the latest, if the worker keeps its pace."""
    if after.lease is None:
        return now
    latest = next_heartbeat(now, after.lease.expires_at)
    if before.lease and before.lease.id == after.lease.id:
        # leases of the same length end as far apart as the heartbeats were
        last = after.lease.expires_at - before.lease.expires_at
        latest = min(latest, now + 2 * last) if last > timedelta() else latest
    return latest


def _with_entry(task: Task, entry: datetime | None) -> Task:
    due_at = task.due_at
    at = min(entry, due_at) if entry and due_at else due_at
    is_first = at == task.created_at + UNSENT_AFTER
    indexed_at = None if is_first else at
    if task.indexed_at == indexed_at:
        return task
    return task.model_copy(update={"indexed_at": indexed_at})
