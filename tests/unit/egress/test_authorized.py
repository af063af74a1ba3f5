"""A connector gets access tokens where its connection has client credentials."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import pytest

from signalbox.connectors.discord import Discord
from signalbox.connectors.jira import Jira
from signalbox.connectors.slack import Slack
from signalbox.connectors.webhook import Webhook
from signalbox.egress.access_tokens import AccessTokens
from signalbox.egress.authorized import AuthorizedConnector
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.egress.refreshed_tokens import RefreshedTokens
from signalbox.egress.responses import SecretRefused
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendDelayed, SendPostponed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.runtime.registry import connectors
from signalbox.services.config.connection_secrets import check_connection_secret
from tests.builders import a_connection, a_notification
from tests.fakes.clock import FakeClock
from tests.fakes.grants import FakeGrantStore, FakeRefreshLockStore
from tests.fakes.http_server import FakeHttpServer, Reply
from tests.fakes.references import clients
from tests.fakes.token_endpoint import (
    FakeTokenEndpoint,
    RotatingTokenEndpoint,
    a_client,
    a_refresh_grant,
    issued,
)

REFRESH_SECRET = '{"client_secret": "s3cret", "refresh_token": "refresh-0"}'
CANARY = "Ca2Na3Ry4Zz5Qq6Ww7"
CLOUD = "11111111-2222-3333-4444-555555555555"
AUTHORIZED = a_connection(connector="webhook", settings={}, auth=a_client())


class Target(Webhook):
    """A connector that records its secrets and raises the errors of its script."""

    def __init__(self, *script: Exception | None) -> None:
        super().__init__(clients())
        self.secrets: list[Sequence[str]] = []
        self._script = list(script)

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        del notification, connection
        self.secrets.append(secrets)
        if self._script and (error := self._script.pop(0)):
            raise error


def authorized(
    target: Webhook, http: Callable[[HttpRequest], HttpResponse], clock: FakeClock
) -> AuthorizedConnector:
    return AuthorizedConnector(
        connector=target,
        tokens=AccessTokens(http=http, clock=clock),
        refreshed=RefreshedTokens(
            http=http, clock=clock, grants=FakeGrantStore(), locks=FakeRefreshLockStore()
        ),
    )


def send(
    target: Target,
    endpoint: FakeTokenEndpoint | RotatingTokenEndpoint,
    secrets: Sequence[str] = ("client secret",),
    *,
    times: int = 1,
    connection: Connection = AUTHORIZED,
    minutes: int = 0,
) -> None:
    clock = FakeClock()
    connector = authorized(target, endpoint, clock)
    for _ in range(times):
        connector.send(a_notification(), connection, secrets)
        clock.advance(seconds=1 + 60 * minutes)


def test_a_connection_without_client_credentials_has_its_own_secrets() -> None:
    target, endpoint = Target(), FakeTokenEndpoint()

    send(target, endpoint, ["new", "old"], connection=a_connection())

    assert target.secrets == [["new", "old"]]
    assert not endpoint.received


def test_notifications_share_a_token() -> None:
    target, endpoint = Target(), FakeTokenEndpoint()

    send(target, endpoint, times=2)

    assert target.secrets == [["token-1"], ["token-1"]]
    assert len(endpoint.received) == 1


def test_a_cached_token_that_is_refused_is_replaced_and_the_attempt_repeated() -> None:
    target, endpoint = Target(None, SecretRefused("401")), FakeTokenEndpoint()

    send(target, endpoint, times=2)

    assert target.secrets == [["token-1"], ["token-1"], ["token-2"]]


def test_the_attempt_is_repeated_once() -> None:
    refusal = SecretRefused("401")
    target, endpoint = Target(None, refusal, refusal, refusal), FakeTokenEndpoint()

    with pytest.raises(SecretRefused):
        send(target, endpoint, times=2)

    assert target.secrets == [["token-1"], ["token-1"], ["token-2"]]


def test_a_new_token_that_is_refused_is_not_replaced() -> None:
    target, endpoint = Target(SecretRefused("401")), FakeTokenEndpoint()

    with pytest.raises(SecretRefused):
        send(target, endpoint)

    assert len(endpoint.received) == 1


@pytest.mark.parametrize("error", [SendRefused("404"), SendDelayed("503"), SendPostponed("busy")])
def test_other_errors_of_the_target_do_not_replace_the_token(error: Exception) -> None:
    target, endpoint = Target(None, error), FakeTokenEndpoint()

    with pytest.raises(type(error)) as raised:
        send(target, endpoint, times=2)

    assert type(raised.value) is type(error)
    assert len(endpoint.received) == 1


def test_an_older_client_secret_is_tried_where_the_current_one_is_not_accepted() -> None:
    target = Target()
    endpoint = FakeTokenEndpoint(HttpResponse(status=401))

    send(target, endpoint, ["new", "old"])

    assert endpoint.credentials == ["signalbox:new", "signalbox:old"]
    assert target.secrets == [["token-2"]]


def test_without_a_client_secret_nothing_is_sent() -> None:
    target, endpoint = Target(), FakeTokenEndpoint()

    with pytest.raises(SendRefused, match="no secret"):
        send(target, endpoint, [])

    assert not target.secrets
    assert not endpoint.received


@pytest.mark.parametrize("kind", [SendRefused, SendDelayed, SecretRefused])
def test_no_error_of_the_target_shows_the_token(
    kind: type[SendRefused | SendDelayed],
) -> None:
    target = Target(kind(f"no {CANARY}"))

    with pytest.raises(kind) as error:
        send(target, FakeTokenEndpoint(issued(CANARY)))

    assert CANARY not in error.value.reason
    assert error.value.__cause__ is None


def test_a_webhook_has_the_token_and_no_signature() -> None:
    notification = a_notification()
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=issued("token-of-the-server").body), Reply(status=204))
        http = HttpClient(trusted=[server.url])
        connector = authorized(Webhook(clients(http)), http, FakeClock())
        connection = a_connection(
            connector="webhook",
            settings={"url": f"{server.url}/in"},
            auth=a_client(token_url=f"{server.url}/token"),
        )

        connector.check(connection)
        connector.send(notification, connection, ["client secret"])

    requested, sent = server.received
    assert (requested.path, sent.path) == ("/token", "/in")
    assert sent.headers["authorization"] == "Bearer token-of-the-server"
    assert sent.headers["webhook-id"] == notification.id
    assert "webhook-signature" not in sent.headers


def test_a_token_url_is_https_or_trusted() -> None:
    connection = a_connection(
        connector="jira",
        settings={"site": "https://acme.atlassian.net", "cloud_id": CLOUD},
        auth=a_client(token_url="http://id.example.com/token"),
    )

    with pytest.raises(SettingsInvalid, match=r"auth\.token_url is neither https"):
        Jira(clients()).check(connection)


def test_a_connector_whose_secret_is_no_token_takes_no_auth() -> None:
    connection = a_connection(connector="discord", settings={}, auth=a_client())

    with pytest.raises(SettingsInvalid, match="discord takes no access tokens"):
        Discord(clients()).check(connection)


def test_the_secret_of_a_connection_with_client_credentials_is_the_client_secret() -> None:
    check_connection_secret(Webhook(clients()), AUTHORIZED, "any text")

    for secret in ("", "é", "a\nb", "x" * 2001):
        with pytest.raises(Conflict, match="client secret"):
            check_connection_secret(Webhook(clients()), AUTHORIZED, secret)
    with pytest.raises(Conflict, match="whsec_"):
        check_connection_secret(Webhook(clients()), a_connection(connector="webhook"), "any text")


def test_a_refused_token_is_refreshed_once_and_the_attempt_repeated() -> None:
    target, endpoint = Target(None, SecretRefused("401")), RotatingTokenEndpoint()
    connection = a_connection(connector="webhook", settings={}, auth=a_refresh_grant())

    send(target, endpoint, [REFRESH_SECRET], times=2, connection=connection, minutes=5)

    assert target.secrets == [["access-1"], ["access-1"], ["access-2"]]
    assert not endpoint.revoked


def test_a_target_that_always_refuses_does_not_use_up_refresh_tokens() -> None:
    target, endpoint = Target(None, SecretRefused("Jira answered 403")), RotatingTokenEndpoint()
    connection = a_connection(connector="webhook", settings={}, auth=a_refresh_grant())

    with pytest.raises(SecretRefused, match="Jira answered 403"):
        send(target, endpoint, [REFRESH_SECRET], times=2, connection=connection)

    assert target.secrets == [["access-1"], ["access-1"]]
    assert endpoint.used == ["refresh-0"]


@pytest.mark.parametrize(
    "secret",
    [
        "refresh-0",
        "[]",
        "{}",
        '{"refresh_token": ""}',
        '{"refresh_token": "a b"}',
        '{"refresh_token": 1}',
        '{"refresh_token": "r", "client_secret": "é"}',
        '{"refresh_token": "r", "access_token": "a"}',
    ],
)
def test_the_secret_of_a_connection_with_a_refresh_token_is_checked(secret: str) -> None:
    connection = a_connection(connector="webhook", auth=a_refresh_grant())

    with pytest.raises(Conflict, match="not a JSON object such as") as error:
        check_connection_secret(Webhook(clients()), connection, secret)

    assert "refresh-0" not in error.value.reason


@pytest.mark.parametrize("secret", [REFRESH_SECRET, '{"refresh_token": "r"}'])
def test_a_refresh_token_may_have_a_client_secret(secret: str) -> None:
    connection = a_connection(connector="webhook", auth=a_refresh_grant())

    check_connection_secret(Webhook(clients()), connection, secret)


@pytest.mark.parametrize(
    ("connector", "settings", "error"),
    [
        ("jira", {"site": "https://acme.atlassian.net"}, "cloud_id"),
        ("jira", {"site": "https://acme.atlassian.net", "cloud_id": CLOUD}, None),
        ("linear", {"team": "RAIL"}, None),
        ("slack", {}, "needs a channel"),
        ("slack", {"channel": "C1"}, None),
    ],
)
def test_a_connection_with_a_refresh_token_has_what_its_token_needs(
    connector: str, settings: dict[str, object], error: str | None
) -> None:
    connection = a_connection(connector=connector, settings=settings, auth=a_refresh_grant())
    checked = connectors(frozenset())[connector]()

    with pytest.raises(SettingsInvalid, match=error) if error else nullcontext():
        checked.check(connection)


def test_slack_has_no_client_credentials() -> None:
    connection = a_connection(auth=a_client())

    with pytest.raises(SettingsInvalid, match="oauth2_refresh"):
        Slack(clients()).check(connection)
