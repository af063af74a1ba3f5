"""How a new task is acknowledged where it came from: by a reaction, before there is more to say."""

import re
from typing import Final, Literal

from signalbox.models.change import TASK_EVENT_PREFIX, TaskView
from signalbox.models.notification import Notification
from signalbox.models.task import ChangeType, TaskStatus

Acknowledgement = Literal["comment", "reaction"]
"""By a comment, or by a reaction to the text that created the task."""

ACKNOWLEDGED: Final = "eyes"
"""The name of the reaction, which all services have."""

_OWN_TEXT: Final = re.compile(r"(?:issues?|work_item|pull_request|merge_request)\.")


def is_new_task(notification: Notification) -> bool:
    """Return whether a notification is of nothing but a new task that waits for nobody."""
    change = notification.change
    is_created = change.type == f"{TASK_EVENT_PREFIX}{ChangeType.CREATED}"
    awaits = change.data.status is TaskStatus.AWAITING_APPROVAL
    return is_created and not awaits and not notification.is_digest


def is_of_issue_text(task: TaskView) -> bool:
    """Return whether a command in the text of an issue created a task, whose URL is the issue's.

    That a URL has no comment does not suffice: a review of Gitea has the URL of the pull request.
    """
    event = task.event or ""
    return task.kind != event and _OWN_TEXT.match(event) is not None
