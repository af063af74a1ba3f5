"""What connectors inherit; that they deliver is asked by the connector contract."""

import pytest

from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse, json_request
from signalbox.egress.responses import send_error
from signalbox.models.base import Model
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from tests.builders import a_connection, a_notification
from tests.fakes.http_server import FakeHttpServer, Reply, paths
from tests.fakes.references import clients


class Settings(Model):
    path: str


class Acme(HttpConnector[Settings]):
    name = "acme"
    settings_model = Settings

    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        return json_request(f"{secret}/{settings.path}", notification.id)

    def judge(self, answer: HttpResponse) -> None:
        if answer.status != 200:
            raise send_error(answer.status, f"Acme answered {answer.status}", answer.retry_after)


def test_a_request_is_rendered_sent_and_its_answer_judged() -> None:
    connection = a_connection(settings={"path": "in"})
    with FakeHttpServer().running() as server:
        acme = Acme(clients(HttpClient(trusted=[server.url])))
        server.replies(Reply(), Reply(status=400))

        acme.send(a_notification(), connection, [server.url])
        with pytest.raises(SendRefused, match="Acme answered 400"):
            acme.send(a_notification(), connection, [server.url])

    assert paths(server.received) == ["/in", "/in"]


def test_an_older_secret_is_tried_where_the_current_one_is_not_accepted() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(status=401), Reply())

        Acme(clients(HttpClient(trusted=[server.url]))).send(
            a_notification(),
            a_connection(settings={"path": "in"}),
            [f"{server.url}/new", f"{server.url}/old"],
        )

    assert paths(server.received) == ["/new/in", "/old/in"]


def test_settings_are_those_of_the_model() -> None:
    acme = Acme(clients())

    acme.check(a_connection(settings={"path": "in"}))

    assert acme.settings(a_connection(settings={"path": "in"})) == Settings(path="in")
    with pytest.raises(SettingsInvalid, match="path"):
        acme.check(a_connection(settings={}))


def test_a_printable_secret_is_accepted() -> None:
    Acme(clients()).check_secret(a_connection(), "a secret!")


@pytest.mark.parametrize("secret", ["", "a\nb", "é", "\x7f", "\ud800", "a\r\nX-Evil: 1"])
def test_a_secret_that_no_header_can_hold_is_a_conflict(secret: str) -> None:
    with pytest.raises(Conflict, match="the secret is empty, or has a character"):
        Acme(clients()).check_secret(a_connection(), secret)


def test_a_url_among_the_settings_is_https_or_trusted() -> None:
    acme = Acme(clients(HttpClient(trusted=["http://127.0.0.1:9"])))

    acme.require_https("url", "https://example.com/in")
    acme.require_https("url", "http://127.0.0.1:9/in")
    for url in ("http://example.com", "http://127.0.0.1:8", "ftp://example.com", ""):
        with pytest.raises(SettingsInvalid, match="url is neither https"):
            acme.require_https("url", url)
