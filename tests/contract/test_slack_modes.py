"""How a bot shows a task at Slack: by one message that is updated, by a thread, with buttons."""

import json
from typing import Any

import pytest

from cli.doubles.slack import SlackDouble
from signalbox.connectors.slack import Slack
from signalbox.connectors.slack.message import render
from signalbox.models.errors import Conflict, SendDelayed
from signalbox.models.notification import Notification, begun, delayed
from signalbox.models.task import TaskStatus
from tests.builders import NOW, a_connection, a_notification, a_task
from tests.contract.references import changes
from tests.fakes.doubles import DOUBLE_URL, DoubleClient
from tests.fakes.references import clients


class Bot:
    def __init__(self, mode: str) -> None:
        self.double = SlackDouble()
        self.client = DoubleClient(self.double)
        self.slack = Slack(clients(self.client))
        settings = {**self.double.settings(DOUBLE_URL), "mode": mode}
        self.connection = a_connection(settings=settings)

    @property
    def methods(self) -> list[str]:
        return [request.path.removeprefix("/api/") for request in self.client.received]

    def send(self, notification: Notification) -> None:
        self.slack.send(notification, self.connection, [self.double.secret(DOUBLE_URL)])


def test_a_task_has_one_message_that_is_updated() -> None:
    bot = Bot("update")

    for each in changes(3):
        bot.send(each)

    assert bot.methods == ["chat.postMessage", "chat.update", "chat.update"]
    assert len(bot.double.shown()) == 1


def test_an_older_change_does_not_replace_a_later_one() -> None:
    bot = Bot("update")
    first, second = changes(2)

    bot.send(second)
    bot.send(first)

    assert bot.methods == ["chat.postMessage"]


def test_a_message_that_was_deleted_is_posted_anew() -> None:
    bot = Bot("update")
    first, second = changes(2)
    bot.send(first)
    bot.client.double = SlackDouble()

    bot.send(second)

    assert bot.methods == ["chat.postMessage", "chat.update", "chat.postMessage"]
    assert len(bot.client.double.shown()) == 1


@pytest.mark.parametrize("mode", ["update", "thread", "each"])
def test_a_message_whose_answer_was_lost_is_not_posted_again(mode: str) -> None:
    bot = Bot(mode)
    first = begun(a_notification(), NOW, NOW)
    bot.client.lost = lambda request: request.method == "POST"
    with pytest.raises(SendDelayed):
        bot.send(first)
    bot.client.lost = lambda _: False

    bot.send(begun(delayed(first, "no answer", NOW, NOW, counts=True), NOW, NOW))

    assert len(bot.double.shown()) == 1


def test_later_changes_are_in_the_thread_of_the_first() -> None:
    bot = Bot("thread")

    for each in changes(3):
        bot.send(each)

    assert bot.methods == ["chat.postMessage"] * 3
    assert len(bot.double.shown()) == 3
    assert bot.double.threads() == [None, "1700000000.000100", "1700000000.000100"]


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (TaskStatus.AWAITING_APPROVAL, ["approve", "reject"]),
        (TaskStatus.PENDING, ["cancel"]),
        (TaskStatus.RUNNING, ["cancel"]),
        (TaskStatus.FAILED, ["retry"]),
        (TaskStatus.CANCELLED, ["retry"]),
        (TaskStatus.SUCCEEDED, []),
    ],
)
def test_a_message_has_the_buttons_that_its_task_allows(
    status: TaskStatus, names: list[str]
) -> None:
    task = a_task(status=status)

    message: Any = render(a_notification(task), "C00000000", buttons=True)

    buttons = [
        button
        for block in message["blocks"]
        if block["type"] == "actions"
        for button in block["elements"]
    ]
    assert [button["action_id"] for button in buttons] == names
    assert {button["value"] for button in buttons} <= {task.id}
    assert "actions" not in json.dumps(render(a_notification(task), "C00000000"))


@pytest.mark.parametrize("settings", [{"mode": "update"}, {"mode": "thread"}, {"buttons": True}])
def test_what_a_webhook_cannot_do_is_refused_with_it(settings: dict[str, object]) -> None:
    hook = "https://hooks.slack.com/services/T0001/B0001/abc"

    with pytest.raises(Conflict, match="need a bot token"):
        Slack(clients()).check_secret(a_connection(settings=settings), hook)
