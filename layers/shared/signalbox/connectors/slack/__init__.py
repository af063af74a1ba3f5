"""Slack: Block Kit messages, through an incoming webhook or `chat.postMessage`.

The secret decides which: the URL of a webhook, or a bot token, which needs a channel.
https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/reference/methods/conversations.history
"""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from signalbox.connectors.slack.message import render
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.responses import SecretRefused, possible_send_window, send_error
from signalbox.models.base import Model
from signalbox.models.config import Connection
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid

_API: Final = "https://slack.com/api"
_APIS: Final = frozenset({_API, "https://slack-gov.com/api"})
_HOOK: Final = re.compile(r"https://hooks\.slack(?:-gov)?\.com/services(?:/[A-Za-z0-9]+){3}")
_TOKEN: Final = re.compile(r"(?:xoxe\.)?xoxb-[A-Za-z0-9-]+")
_NO_CHANNEL: Final = "a bot token needs a channel"
_NEITHER: Final = "the secret is neither a webhook of Slack nor a bot token"
_MISTAKEN: Final = (
    (
        re.compile(r"https?://hooks\.slack(?:-gov)?\.com/(?:workflows|triggers)/"),
        "the secret is the address of a workflow, not one of https://hooks.slack.com/services/",
    ),
    (re.compile(r"http://"), "an incoming webhook is an address that starts with https://"),
    (
        re.compile(r"xox[a-z]-|xoxe|xapp-"),
        "the secret is no whole bot token, which starts with xoxb-",
    ),
)
_PAGE: Final = 100
_PAGES: Final = 10
_MAX_HISTORY: Final = 1_000_000

_OK: Final = "ok"
_NOT_OK: Final = "error"
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")
_MEANS: Final = {
    "ratelimited": 429,
    "rate_limited": 429,
    "internal_error": 500,
    "fatal_error": 500,
    "rollup_error": 500,
    "service_unavailable": 503,
    "request_timeout": 408,
    "invalid_auth": 401,
    "not_authed": 401,
    "token_revoked": 401,
    "token_expired": 401,
    "account_inactive": 401,
    "invalid_token": 401,
    "no_service": 401,
}
"""The HTTP status that an error code of Slack corresponds to; most come with 200."""


class Settings(Model):
    """`channel` is an id or a name; earlier messages can be looked up by its id only.

    `api_url` is that of GovSlack, or one for local use: other hosts than Slack's must be trusted
    origins.
    """

    channel: str | None = Field(default=None, pattern=r"^#?[\w.-]{1,80}$")
    api_url: str = _API


class Slack(HttpConnector[Settings]):
    """A connector that looks for an earlier message before it repeats one, where it can."""

    name = "slack"
    settings_model = Settings

    def check_secret(self, connection: Connection, secret: str) -> None:
        """Check that the connection can use a secret.

        Raises:
            Conflict: Slack would never accept it.
            SettingsInvalid: The settings are not valid.
        """
        if _TOKEN.fullmatch(secret):
            if self.settings(connection).channel is None:
                raise Conflict(_NO_CHANNEL)
        elif not self._is_webhook(secret):
            raise Conflict(_why_not(secret))

    def settings(self, connection: Connection) -> Settings:
        """Return the settings of a connection.

        Raises:
            SettingsInvalid: They are not valid.
        """
        settings = super().settings(connection)
        if settings.api_url not in _APIS and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is not at a trusted origin")
        return settings

    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        """Post a message, unless an earlier attempt succeeded."""
        request = self.render(notification, settings, secret)
        span = possible_send_window(notification) if _TOKEN.fullmatch(secret) else None
        if span and self._arrived(notification, span, settings, _authorization(secret)):
            return
        self.judge(self.http(request))

    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        """Return the request to the incoming webhook, or to `chat.postMessage`."""
        if _TOKEN.fullmatch(secret):
            if settings.channel is None:
                raise SettingsInvalid(_NO_CHANNEL)
            message = render(notification, settings.channel)
            url = f"{settings.api_url}/chat.postMessage"
            return json_request(url, message, _authorization(secret))
        if self._is_webhook(secret):
            return json_request(secret, render(notification))
        raise SecretRefused(_why_not(secret))

    def judge(self, answer: HttpResponse) -> None:
        """Check the response.

        Raises:
            SendRefused: Slack will never accept the message.
            SendDelayed: Slack may accept it later.
        """
        judge(answer)

    def _is_webhook(self, secret: str) -> bool:
        return bool(_HOOK.fullmatch(secret)) or self.http.trusts(secret)

    def _arrived(
        self,
        notification: Notification,
        span: tuple[datetime, datetime],
        settings: Settings,
        headers: dict[str, str],
    ) -> bool:
        """Return whether an attempt between these times succeeded.

        False if the token may not read the channel.

        Apps outside Slack's Marketplace get 15 messages a page and one page a minute, so a limited
        number of pages is read, for as long as Slack allows it. A message that is not found is
        sent: a repeated message does less harm than a lost one.

        Raises:
            SendDelayed: The first page cannot be read now.
            SecretRefused: The token is not valid.
        """
        oldest, latest = (at.timestamp() for at in span)
        asked = {"channel": settings.channel, "oldest": oldest, "latest": latest, "limit": _PAGE}
        cursor = ""
        for page in range(_PAGES):
            query = urlencode(asked | ({"cursor": cursor} if cursor else {}))
            url = f"{settings.api_url}/conversations.history?{query}"
            request = HttpRequest(method="GET", url=url, headers=headers, max_answer=_MAX_HISTORY)
            answer = self.http(request)
            if notification.id.encode() in answer.body:
                return True
            if page and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                return False
            cursor = _next_page(answer)
            if not cursor:
                return False
        return False


def _next_page(answer: HttpResponse) -> str:
    """Return the cursor of the next page of a history.

    Empty if there is none or it may not be read.

    Raises:
        SendDelayed: It may be read later.
        SecretRefused: The token is not valid.
    """
    try:
        judge(answer)
    except SecretRefused:
        raise
    except SendRefused:
        return ""
    except SendDelayed:
        if len(answer.body) < _MAX_HISTORY:
            raise
        return ""  # what was cut would be cut again
    return _History.model_validate_json(answer.body).response_metadata.next_cursor


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _why_not(secret: str) -> str:
    """Return why Slack accepts no messages with such a secret, without the secret."""
    return next((why for pattern, why in _MISTAKEN if pattern.match(secret)), _NEITHER)


def judge(answer: HttpResponse) -> None:
    """Check the response.

    Raises:
        SendRefused: Slack will never accept the message.
        SendDelayed: Slack may accept it later.
    """
    word = _word(answer.body)
    status = answer.status
    if status == HTTPStatus.OK:
        if word == _OK:
            return
        status = HTTPStatus.BAD_REQUEST if word else HTTPStatus.BAD_GATEWAY
    reason = f"Slack answered {answer.status} {word}".strip()
    raise send_error(_MEANS.get(word, status), reason, answer.retry_after)


class _Metadata(BaseModel):
    next_cursor: str = ""


class _History(BaseModel):
    response_metadata: _Metadata = _Metadata()


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)

    ok: bool
    error: JsonValue = None


def _word(body: bytes) -> str:
    """Return the code in Slack's response: `ok`, an error, or empty if there is none."""
    try:
        said = _Said.model_validate_json(body)
    except ValidationError:
        word = body.decode("ascii", "replace").strip()
        return word if _WORD.fullmatch(word) else ""
    if said.ok:
        return _OK
    named = isinstance(said.error, str) and _WORD.fullmatch(said.error) and said.error != _OK
    return str(said.error) if named else _NOT_OK


CONNECTOR: Final = Slack
