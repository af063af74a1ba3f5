"""How a bot shows a task at Slack: by one message that is updated, by a thread, with buttons."""

import json
from typing import Any

import pytest

from cli.doubles.slack import SlackDouble
from signalbox.connectors.slack import Slack
from signalbox.connectors.slack.message import render
from signalbox.models.change import change_for
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.notification import begun, delayed
from signalbox.models.task import ChangeType, TaskStatus
from tests.builders import NOW, STACK, a_connection, a_notification, a_task, an_origin
from tests.contract.references import changes
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget


class Bot(FakeTarget[SlackDouble]):
    def __init__(self, mode: str) -> None:
        double = SlackDouble()
        super().__init__(double, Slack, {**double.settings(DOUBLE_URL), "mode": mode})

    @property
    def methods(self) -> list[str]:
        return [request.path.removeprefix("/api/") for request in self.http.received]


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
    bot.http.double = SlackDouble()

    bot.send(second)

    assert bot.methods == ["chat.postMessage", "chat.update", "chat.postMessage"]
    assert len(bot.http.double.shown()) == 1


@pytest.mark.parametrize("mode", ["update", "thread", "each"])
def test_a_message_whose_answer_was_lost_is_not_posted_again(mode: str) -> None:
    bot = Bot(mode)
    first = begun(a_notification(), NOW, NOW)
    bot.send_lost(first)

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


def answered(url: str, *types: ChangeType) -> Bot:
    """A bot after these changes of a task that came from the message at the URL."""
    bot = Bot("origin")
    for version, type_ in enumerate(types, start=1):
        task = a_task(id=TaskId("tsk_one"), origin=an_origin(provider="slack"), url=url)
        step = task.last_step.model_copy(update={"type": type_, "version": version})
        change = change_for(task.model_copy(update={"version": version}), step, STACK)
        bot.send(a_notification(task, change=change, id=NotificationId(f"ntf_{version}")))
    return bot


ORIGIN = "https://slack.com/app_redirect?team=T1&channel=C00000000&message_ts=1700000000.000100"


def test_a_task_is_acknowledged_and_answered_where_it_came_from() -> None:
    bot = answered(ORIGIN, ChangeType.CREATED, ChangeType.STARTED, ChangeType.SUCCEEDED)

    assert bot.methods == ["reactions.add", "chat.postMessage", "chat.update"]
    sent = json.loads(bot.http.received[1].body)
    assert (sent["channel"], sent["thread_ts"]) == ("C00000000", "1700000000.000100")


def test_a_permalink_leads_to_the_message_too() -> None:
    url = "https://railway.slack.com/archives/C00000000/p1700000000000100"

    bot = answered(url, ChangeType.CREATED)

    reaction = json.loads(bot.http.received[0].body)
    assert reaction["timestamp"] == "1700000000.000100"


@pytest.mark.parametrize(
    "url",
    [
        "https://slack.com/app_redirect?team=T1&channel=C00000000",
        "https://evil.example/app_redirect?channel=C1&message_ts=1.000001",
        "https://slack.com.evil.example/archives/C1/p1700000000000100",
        "https://slack.com/app_redirect?channel=../x&message_ts=1.000001",
    ],
)
def test_what_is_no_message_cannot_be_answered(url: str) -> None:
    with pytest.raises(SendRefused, match="not from a message"):
        answered(url, ChangeType.CREATED)
