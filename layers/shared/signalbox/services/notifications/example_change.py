"""Changes of tasks that do not exist: for tests of connections, and to try templates with."""

from datetime import datetime
from typing import Final

from signalbox.models.change import TASK_EVENT_PREFIX, Change, TaskView
from signalbox.models.ids import TaskId, change_id
from signalbox.models.task import ChangeType, Priority, TaskResult, TaskStatus

_STATUSES: Final = {
    ChangeType.STARTED: TaskStatus.RUNNING,
    ChangeType.UPDATED: TaskStatus.RUNNING,
    ChangeType.SUCCEEDED: TaskStatus.SUCCEEDED,
    ChangeType.FAILED: TaskStatus.FAILED,
    ChangeType.CANCELLED: TaskStatus.CANCELLED,
}
"""The status of a task after a change that does not leave it pending."""


def change_of_no_task(view: TaskView, type_: str, *, stack: str, at: datetime) -> Change:
    """Return a change with this view of a task that is not stored."""
    return Change(
        id=change_id(view.id, view.created_at, view.version),
        source=f"/signalbox/{stack}",
        type=type_,
        subject=view.id,
        time=at,
        data=view,
    )


def example_change(change: ChangeType, *, stack: str, at: datetime) -> Change:
    """Return a change of a task in which every field has a value."""
    status = _STATUSES.get(change, TaskStatus.PENDING)
    view = TaskView(
        id=TaskId("tsk_example"),
        version=3,
        status=status,
        priority=Priority.HIGH,
        kind="fix",
        title="fix: the login",
        description="The login fails since yesterday.",
        arguments=("login",),
        instruction="the login",
        labels=("bug", "urgent"),
        provider="github",
        source="default",
        repository="octo/hello",
        branch="main",
        commit="0123456789abcdef0123456789abcdef01234567",
        author="octocat",
        url="https://github.com/octo/hello/issues/1",
        attempt=1,
        max_attempts=3,
        created_at=at,
        updated_at=at,
        started_at=at,
        finished_at=at,
        worker="worker-1",
        progress="reading the code",
        result=TaskResult(summary="The login works again.", url="https://example.com/result"),
        reason="an example",
    )
    return change_of_no_task(view, f"{TASK_EVENT_PREFIX}{change}", stack=stack, at=at)
