"""Decide which tasks of a delivery await an approval."""

from collections.abc import Collection
from datetime import timedelta

from signalbox.models.event import Event
from signalbox.models.lifecycle import created
from signalbox.models.source import Source, pattern_matches
from signalbox.models.task import Task, TaskApproval, TaskStatus


def to_approve(task: Task, event: Event, source: Source, kinds: Collection[str]) -> Task:
    """Return the task, which awaits an approval if the source demands one for one of its kinds."""
    rule = source.approval
    if rule is None or not any(pattern_matches(rule.kinds, kind) for kind in kinds):
        return task
    seconds = rule.expires_minutes * 60
    requester = None
    if event.author and not rule.by_requester:
        requester = actor(source.provider, event.author.name)
    approval = TaskApproval(
        seconds=seconds,
        expires_at=task.created_at + timedelta(seconds=seconds),
        requester=requester,
    )
    update = {"status": TaskStatus.AWAITING_APPROVAL, "approval": approval}
    return created(task.model_copy(update=update), by=task.last_step.by)


def actor(provider: str, name: str) -> str:
    """Return how the history of a task names a person at a provider."""
    return f"{provider}:{name}"
