import json
from collections.abc import Callable

import pytest

from signalbox.connectors.jira import document as jira
from signalbox.connectors.linear import document as linear
from signalbox.connectors.trello import message as trello
from signalbox.egress.task_report import report_comment
from signalbox.models.notification import Notification
from signalbox.models.task import TaskStatus
from tests.builders import a_notification, a_task

COMMENTS: dict[str, Callable[[Notification], object]] = {
    "forges": report_comment,
    "jira": jira.comment_body,
    "linear": linear.comment,
    "trello": trello.comment_text,
}


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_says_how_its_task_is_approved(name: str) -> None:
    task = a_task(status=TaskStatus.AWAITING_APPROVAL)

    waiting = json.dumps(COMMENTS[name](a_notification(task)))
    pending = json.dumps(COMMENTS[name](a_notification(a_task())))

    assert f"/approve {task.id}" in waiting
    assert "/approve" not in pending
