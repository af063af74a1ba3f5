"""The webhook of a forge's double is answered at the double, by the settings of its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

import pytest
import requests

from cli.api_client import ApiClient
from cli.demo.environment import DemoEnvironment, StepFailed
from cli.demo.replies import FORGES, from_double
from cli.demo.scenario import Scenario
from cli.demo.targets import DemoTarget
from cli.demo.webhooks import DemoWebhook, demo_webhook
from cli.doubles.double import new_double
from cli.doubles.serve import SHOWN_PATH, double_url
from cli.target import Target
from cli.webhooks.send import WebhookEndpoint
from signalbox.egress.http_client import HttpClient
from signalbox.models.ids import ConnectionId, DeliveryId, TaskId
from signalbox.models.source import Source
from signalbox.models.task import Task
from signalbox.services.deliveries.plan_tasks import DeliveryContext, plan_tasks
from signalbox.services.notifications.replies import REPLYING, reply_for
from signalbox.services.ports.notifications import Connector
from tests.builders import NOW, a_change, a_notification, done
from tests.fakes.references import clients


@dataclass(frozen=True, kw_only=True)
class Forge:
    """A webhook of a double, and the connector that answers for its source."""

    webhook: DemoWebhook
    connector: Connector

    def task(self) -> Task:
        """The task of the webhook."""
        context = DeliveryContext(
            id=DeliveryId("dlv_one"),
            key="one",
            source=self.webhook.source,
            at=NOW,
            request_id=None,
            retention=0,
        )
        parsed = self.webhook.provider.parse(self.webhook.new().sample.request())
        (task,) = plan_tasks(parsed, context).tasks
        return task

    def answer(self, task: Task) -> None:
        """Answers the last change of the task, as the function of the connector does."""
        change = a_change(task)
        reply = reply_for(change, task, self.webhook.source)
        assert reply
        settings = self.connector.reply_settings(reply.settings)
        connection = reply.model_copy(update={"settings": settings})
        notification = a_notification(task, change=change, connection=connection.id)
        self.connector.send(notification, connection, [self.webhook.token or ""])


@pytest.fixture(params=sorted(FORGES))
def forge(request: pytest.FixtureRequest, echo: str) -> Forge:
    name = str(request.param)
    connector = import_module(f"signalbox.connectors.{name}").CONNECTOR(
        clients(HttpClient(trusted=[echo]))
    )
    return Forge(webhook=from_double(demo_webhook(name), echo), connector=connector)


def test_a_command_gets_a_reaction_and_its_result_one_comment(forge: Forge, echo: str) -> None:
    task = forge.task()

    forge.answer(task)
    forge.answer(done(task))

    url = double_url(echo, forge.webhook.provider.name)
    [reaction, comment] = requests.get(url + SHOWN_PATH, timeout=5).json()
    assert reaction.startswith("👀")
    assert "Task succeeded" in comment
    assert task.id in comment


def test_the_source_is_another_than_the_one_that_does_not_answer(forge: Forge) -> None:
    silent = demo_webhook(forge.webhook.provider.name)

    assert forge.webhook.source.key != silent.source.key
    assert "api_url" not in silent.source.settings


def test_only_the_double_is_called(forge: Forge, echo: str) -> None:
    source: Source = forge.webhook.source

    assert str(source.settings["api_url"]).startswith(f"{echo}/")
    assert forge.webhook.token == new_double(source.provider).secret("")


def test_every_forge_can_answer() -> None:
    assert FORGES.keys() <= REPLYING


CONNECTION = ConnectionId("reply:github/demo-replies")
REACTION = "👀 on issues/comments 1"
RESULT = "✅ Task succeeded: fix the login tsk_one"


@dataclass(frozen=True, kw_only=True)
class Shown(DemoTarget):
    """A forge that shows these texts."""

    texts: Sequence[str]
    connection: ConnectionId = CONNECTION
    url: str = "http://127.0.0.1:9"

    def shown(self) -> Sequence[str]:
        return self.texts

    def fail_once(self) -> str:
        raise NotImplementedError


def a_scenario(*texts: str) -> Scenario:
    """The scenario of a task that is done, and of which a forge shows these texts."""
    session, webhook = requests.Session(), demo_webhook("github")
    url = "http://127.0.0.1:9"
    environment = DemoEnvironment(
        target=Target(url=url),
        api=ApiClient(base_url=url, key="", session=session, timeout=1),
        address=WebhookEndpoint(url=url, secret="", provider=webhook.provider),
        webhook=webhook,
        echo_url=url,
        session=session,
    )
    scenario = Scenario(environment=environment, hook=webhook.new(), forge=Shown(texts=texts))
    scenario.task = TaskId("tsk_one")
    return scenario


def test_the_answer_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    a_scenario(REACTION, RESULT).the_sender_is_answered()

    printed = capsys.readouterr().out
    assert f"shows: {REACTION}" in printed
    assert f"shows: {RESULT}" in printed


def test_two_comments_on_one_task_fail() -> None:
    with pytest.raises(StepFailed, match="there are 2 comments"):
        a_scenario(REACTION, RESULT, RESULT).the_sender_is_answered()
