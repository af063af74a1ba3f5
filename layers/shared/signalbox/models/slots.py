"""How many tasks of a kind or group run at once: each of them holds a slot.

A slot is held by a task that runs, or that a worker is about to claim at the version that is
recorded. No clock decides it: a task whose worker was lost runs until maintenance has ended its
lease, or another worker has taken it over.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from signalbox.models.base import Model, list_position
from signalbox.models.dependencies import related
from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import queued
from signalbox.models.rate_limits import ConcurrencyLimits
from signalbox.models.task import Task, TaskStatus

ReadTask = Callable[[TaskId], Task | None]
"""Return a task as it is now, None if there is none."""


class SlotHolder(Model):
    """A task that holds a slot, and its version when a worker was about to claim it."""

    task: TaskId
    version: int


class SlotHolders(Model):
    """Who holds the slots of a kind or group. `revision` counts the changes."""

    holders: tuple[SlotHolder, ...] = ()
    revision: int = 0


def slot_limits(task: Task, limits: ConcurrencyLimits) -> Mapping[str, int]:
    """Return the limits of a task by the names of its slots, in the order to take them."""
    found = {}
    group = task.relations.group if task.relations else None
    if group is not None:
        found[f"group:{group}"] = limits.groups.get(group, 1)
    if task.kind in limits.kinds:
        found[f"kind:{task.kind}"] = limits.kinds[task.kind]
    return found


def limit_of(slot: str, limits: ConcurrencyLimits) -> int | None:
    """Return the limit of a slot, None if there is none any more."""
    kind, _, name = slot.partition(":")
    return limits.groups.get(name, 1) if kind == "group" else limits.kinds.get(name)


def is_held(holder: SlotHolder, task: Task | None) -> bool:
    """Return whether a task holds its slot still."""
    if task is None:
        return False
    if task.status is TaskStatus.RUNNING:
        return True
    is_being_claimed = task.version == holder.version and not task.limited_by
    return task.status is TaskStatus.PENDING and is_being_claimed


def still_held(slots: SlotHolders, read: ReadTask) -> SlotHolders:
    """Return the slots without those who hold theirs no longer, or the same object."""
    held = tuple(holder for holder in slots.holders if is_held(holder, read(holder.task)))
    if len(held) == len(slots.holders):
        return slots
    return SlotHolders(holders=held, revision=slots.revision + 1)


def taken(slots: SlotHolders, task: Task, limit: int) -> SlotHolders | None:
    """Return the slots with one for a task, None if all are held by others."""
    others = tuple(holder for holder in slots.holders if holder.task != task.id)
    if len(others) >= limit:
        return None
    own = SlotHolder(task=task.id, version=task.version)
    # also if it held one before: whoever is about to remove it has to look again
    return SlotHolders(holders=(*others, own), revision=slots.revision + 1)


def parked(task: Task, slot: str, now: datetime) -> Task:
    """Return the pending task that waits for a slot, without a message. It is not a step."""
    waiting = task.model_copy(update={"sent_at": None})
    return entry_at_due_time(related(waiting, limited_by=slot, checked_at=now))


def unparked(task: Task, now: datetime) -> Task:
    """Return the task that waits for a slot no longer, with a message. It is not a step."""
    return queued(related(task, limited_by=None, checked_at=None), now)


def with_slots(task: Task, slots: Iterable[str]) -> Task:
    """Return the claimed task with the slots that it holds."""
    return related(task, slots=tuple(slots))


def position_of(task: Task) -> str:
    """Return the position of a task among those that wait, by its creation.

    That of a webhook which was interpreted later is by the arrival of the webhook.
    """
    since = task.relations.group_since if task.relations else None
    return list_position(since or task.created_at, task.id)


def task_at(position: str) -> TaskId:
    """Return the task at a position."""
    return TaskId(position.rpartition("#")[2])
