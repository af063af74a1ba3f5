"""What messages of several connectors have of a change and its task."""

from collections.abc import Mapping
from typing import Final

from signalbox.egress.text import Escape, escaped_line
from signalbox.models.change import TASK_EVENT_PREFIX, Change, TaskView
from signalbox.models.task import TaskStatus

_TITLES: Final[Mapping[str, str]] = {
    "awaiting_approval": "Task awaits approval",
    "created": "New task",
    "approved": "Task approved",
    "started": "Task started",
    "released": "Task given back",
    "retrying": "Task will be tried again",
    "lease_lost": "Worker lost",
    "succeeded": "Task succeeded",
    "failed": "Task failed",
    "cancelled": "Task cancelled",
    "retried": "Task started over",
    "ready": "Task may start",
    "signalbox.incident.opened": "Incident opened",
    "signalbox.incident.resolved": "Incident resolved",
}


def change_word(change: Change) -> str:
    """Return the last part of the type of a change, such as `succeeded`.

    It is `awaiting_approval` for every change of a task that awaits one.
    """
    if change.data.status is TaskStatus.AWAITING_APPROVAL:
        return str(TaskStatus.AWAITING_APPROVAL)
    return change.type.removeprefix(TASK_EVENT_PREFIX)


def change_title(change: Change) -> str:
    """Return what happened to the task."""
    return _TITLES.get(change_word(change), "Task changed")


def task_facts(task: TaskView, limit: int, escape: Escape = str) -> Mapping[str, str]:
    """Return facts of a task by name, each an escaped line of at most `limit` units."""
    facts = {
        "Kind": task.kind,
        "Priority": task.priority,
        "Repository": task.repository,
        "Branch": task.branch,
        "Author": task.author,
        "Attempt": f"{task.attempt} of {task.max_attempts}" if task.attempt else None,
    }
    lines = {name: escaped_line(fact, limit, escape) for name, fact in facts.items()}
    return {name: line for name, line in lines.items() if line}


def approval_hint(task: TaskView) -> str:
    """Return how a task is approved by a comment, empty if it awaits no approval."""
    if task.status is not TaskStatus.AWAITING_APPROVAL:
        return ""
    return f"Comment /approve {task.id} to let it run, or /reject {task.id} to cancel it."
