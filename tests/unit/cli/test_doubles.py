"""The doubles of services that the local stack serves."""

import json
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import pytest
import requests

import cli.doubles
from cli.doubles.double import DoubleRequest, TargetDouble, new_double
from cli.doubles.serve import FAIL_PATH, SHOWN_PATH, double_url
from cli.errors import CommandError
from signalbox.egress.http_client import HttpClient
from signalbox.runtime.registry import connector_names
from signalbox.services.ports.time import utc_now
from tests.builders import a_connection, a_notification, a_task
from tests.fakes.aws_targets import real_targets
from tests.fakes.references import clients

DOUBLES = sorted(
    {module.name for module in iter_modules(cli.doubles.__path__)} - {"double", "serve"}
)
Sender = Callable[[], None]


@pytest.fixture(params=DOUBLES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(echo: str, name: str) -> str:
    return double_url(echo, name)


@pytest.fixture
def send(echo: str, url: str, name: str) -> Sender:
    """Sends a notification to the double by its connector."""
    connector = import_module(f"signalbox.connectors.{name}").CONNECTOR(
        clients(HttpClient(trusted=[echo]), clock=utc_now, aws=real_targets())
    )
    double: TargetDouble = new_double(name)
    connection = a_connection(connector=name, settings=dict(double.settings(url)))
    secret = double.secret(url)
    secrets = [] if secret is None else [secret]
    web_url = connection.settings.get("web_url", "https://github.com")
    task = a_task(url=f"{web_url}/octo/hello/issues/1")
    return lambda: connector.send(a_notification(task), connection, secrets)


def test_a_double_stands_in_for_the_service_of_a_connector(name: str) -> None:
    assert name in connector_names()


def test_it_shows_what_its_connector_sends(url: str, send: Sender) -> None:
    send()

    [text] = requests.get(url + SHOWN_PATH, timeout=5).json()
    assert "Fix the login" in text


def test_a_stranger_is_refused(name: str) -> None:
    stranger = new_double(name).respond(DoubleRequest(method="POST", path="/", body=b"{}"))

    assert stranger.status >= 400 or b'"ok": false' in stranger.body


def test_it_can_be_down_for_one_request(url: str, send: Sender) -> None:
    requests.post(url + FAIL_PATH, timeout=5)

    first = requests.post(url + "/anything", timeout=5)
    send()

    assert first.status_code == 503
    assert len(requests.get(url + SHOWN_PATH, timeout=5).json()) == 1


def test_it_forgets(url: str, send: Sender) -> None:
    send()

    requests.delete(url, timeout=5)

    assert requests.get(url + SHOWN_PATH, timeout=5).json() == []


def test_an_unknown_one_is_not_found(echo: str) -> None:
    answer = requests.get(f"{echo}/doubles/nobody/-/shown", timeout=5)

    assert answer.status_code == 404
    with pytest.raises(CommandError, match="nobody"):
        new_double("nobody")


def test_github_is_an_enterprise_server_at_the_root_of_its_host(echo: str) -> None:
    token = new_double("github").secret("")

    requests.post(
        f"{echo}/api/v3/repos/octo/hello/issues/1/comments",
        headers={"Authorization": f"Bearer {token}"},
        json={"body": "Done."},
        timeout=5,
    )

    assert requests.get(double_url(echo, "github") + SHOWN_PATH, timeout=5).json() == ["Done."]


def test_the_history_of_slack_has_the_latest_message_first() -> None:
    slack = new_double("slack")
    bot = {"authorization": f"Bearer {slack.secret('')}"}
    channel = slack.settings("")["channel"]
    for text in ("one", "two"):
        body = json.dumps({"channel": channel, "text": text}).encode()
        slack.respond(
            DoubleRequest(method="POST", path="/api/chat.postMessage", headers=bot, body=body)
        )

    answer = slack.respond(
        DoubleRequest(method="GET", path="/api/conversations.history", headers=bot)
    )

    assert [each["text"] for each in json.loads(answer.body)["messages"]] == ["two", "one"]


def followed_up(slack: TargetDouble, url: str = "/actions/T1/2/x", **message: object) -> int:
    body = json.dumps(message).encode()
    return slack.respond(DoubleRequest(method="POST", path=url, body=body)).status


def test_slack_takes_five_messages_at_a_response_url() -> None:
    slack = new_double("slack")

    statuses = [followed_up(slack, text="Task", replace_original=False) for _ in range(6)]

    assert statuses == [200] * 5 + [404]
    assert slack.shown() == ["seen by one person: Task"] * 5


def test_slack_replaces_the_original_unless_a_message_says_otherwise() -> None:
    slack = new_double("slack")

    statuses = [followed_up(slack, text="Task", response_type="in_channel"), followed_up(slack)]

    assert statuses == [200, 400]
    assert slack.shown() == ["seen by all, in place of the original: Task"]
