"""Slack: Block Kit messages, through an incoming webhook or `chat.postMessage`.

The secret decides which: the URL of a webhook, or a bot token, which needs a channel.
https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/reference/methods/conversations.history
"""

import re
from contextlib import suppress
from functools import partial
from typing import Final, Literal

from pydantic import Field

from signalbox.connectors.slack.channel import Channel
from signalbox.connectors.slack.message import render
from signalbox.connectors.slack.origin import MessagePlace, origin_of
from signalbox.connectors.slack.responses import judge
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.responses import SecretRefused, possible_send_window
from signalbox.models.base import JsonObject, Model
from signalbox.models.connection import Connection
from signalbox.models.connection_auth import ClientCredentials
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType, TaskStatus

_API: Final = "https://slack.com/api"
_APIS: Final = frozenset({_API, "https://slack-gov.com/api"})
_HOOK: Final = re.compile(r"https://hooks\.slack(?:-gov)?\.com/services(?:/[A-Za-z0-9]+){3}")
_TOKEN: Final = re.compile(r"(?:xoxe\.)?xoxb-[A-Za-z0-9-]+")
_ACKNOWLEDGED: Final = "eyes"
_NO_CHANNEL: Final = "a bot token needs a channel"
_TOKENLESS: Final = "mode and buttons need a bot token"
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


class Settings(Model):
    """`channel` is an id or a name; earlier messages can be looked up by its id only.

    By `mode`, each change has a message, or a task has one that is updated, or one with a thread of
    its changes, or it is shown below the message that it came from. `buttons` adds buttons to
    approve, cancel and retry the task; their commands need a source of the provider `slack`. All of
    these need a bot token.

    `api_url` is that of GovSlack, or one for local use: other hosts than Slack's must be trusted
    origins.
    """

    channel: str | None = Field(default=None, pattern=r"^#?[\w.-]{1,80}$")
    mode: Literal["each", "update", "thread", "origin"] = "each"
    buttons: bool = False
    api_url: str = _API

    @property
    def needs_token(self) -> bool:
        """Return whether an incoming webhook cannot do this."""
        return self.mode != "each" or self.buttons


class Slack(HttpConnector[Settings]):
    """A connector that looks for an earlier message before it repeats one, where it can."""

    name = "slack"
    settings_model = Settings
    takes_access_tokens = True

    def check(self, connection: Connection) -> None:
        """Check the settings of a connection.

        Raises:
            SettingsInvalid: They are not valid, or not for a bot token where there will be one.
        """
        super().check(connection)
        if connection.auth is None:
            return
        if isinstance(connection.auth, ClientCredentials):
            raise SettingsInvalid("auth: Slack has no client credentials, but oauth2_refresh")
        if _lacks_channel(self.settings(connection)):
            raise SettingsInvalid(_NO_CHANNEL)

    def check_secret(self, connection: Connection, secret: str) -> None:
        """Check that the connection can use a secret.

        Raises:
            Conflict: Slack would never accept it.
            SettingsInvalid: The settings are not valid.
        """
        if _TOKEN.fullmatch(secret):
            if _lacks_channel(self.settings(connection)):
                raise Conflict(_NO_CHANNEL)
        elif not self._is_webhook(secret):
            raise Conflict(_why_not(secret))
        elif self.settings(connection).needs_token:
            raise Conflict(_TOKENLESS)

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
        """Show the notification as the settings demand it, unless an earlier attempt did so."""
        request = self.render(notification, settings, secret)
        if not _TOKEN.fullmatch(secret):
            self.judge(self.http(request))
            return
        place = _place(notification, settings)
        channel = Channel(call=self.http, url=settings.api_url, token=secret, name=place.channel)
        message = render(notification, place.channel, buttons=settings.buttons)
        if notification.is_digest and settings.mode != "origin":
            _post_once(notification, channel, message)
        elif settings.mode == "update":
            self._update(notification, channel, message)
        elif settings.mode == "thread":
            self._reply(notification, channel, message)
        elif settings.mode == "origin":
            self._answer(notification, channel, message, place)
        else:
            _post_once(notification, channel, message)

    def _update(self, notification: Notification, channel: Channel, message: JsonObject) -> None:
        self.references.show(
            notification,
            find=partial(_find_message, notification, channel),
            create=partial(channel.post, message),
            update=lambda shown: channel.update(shown, message),
        )

    def _reply(self, notification: Notification, channel: Channel, message: JsonObject) -> None:
        head = self.references.ensure(
            notification,
            find=partial(_find_message, notification, channel),
            create=partial(channel.post, message),
        )
        if not head.created:
            _post_once(notification, channel, message, under=head.target_id)

    def _answer(
        self, notification: Notification, channel: Channel, message: JsonObject, place: MessagePlace
    ) -> None:
        """Acknowledge a new task by a reaction, and show later changes by one message below it."""
        if notification.change.change_type is ChangeType.CREATED and not _awaits(notification):
            with suppress(SendRefused):  # a token may lack the scope, and a reaction be disabled
                channel.react(place.message, _ACKNOWLEDGED)
                return
        self.references.show(
            notification,
            find=partial(_find_message, notification, channel, place.thread),
            create=partial(channel.post, message, place.thread),
            update=lambda shown: channel.update(shown, message),
        )

    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        """Return the request to the incoming webhook, or to `chat.postMessage`."""
        if _TOKEN.fullmatch(secret):
            channel = _place(notification, settings).channel
            message = render(notification, channel, buttons=settings.buttons)
            url = f"{settings.api_url}/chat.postMessage"
            return json_request(url, message, _authorization(secret))
        if self._is_webhook(secret):
            if settings.needs_token:
                raise SecretRefused(_TOKENLESS)
            return json_request(secret, render(notification))
        raise SecretRefused(_why_not(secret))

    def reply_settings(self, source: JsonObject) -> JsonObject:
        """Return the settings of a connection that answers for a source of the provider."""
        url = source.get("api_url")
        return {"mode": "origin", "buttons": False, **({"api_url": url} if url else {})}

    def judge(self, answer: HttpResponse) -> None:
        """Check the response.

        Raises:
            SendRefused: Slack will never accept the message.
            SendDelayed: Slack may accept it later.
        """
        judge(answer)

    def _is_webhook(self, secret: str) -> bool:
        return bool(_HOOK.fullmatch(secret)) or self.http.trusts(secret)


def _place(notification: Notification, settings: Settings) -> MessagePlace:
    """Return where a notification is shown.

    Raises:
        SendRefused: The task came from no message.
        SettingsInvalid: There is no channel.
    """
    if settings.mode == "origin":
        place = origin_of(notification.change.data)
        if place is None:
            raise SendRefused("the task is not from a message of Slack")
        return place
    if settings.channel is None:
        raise SettingsInvalid(_NO_CHANNEL)
    return MessagePlace(channel=settings.channel)


def _awaits(notification: Notification) -> bool:
    return notification.change.data.status is TaskStatus.AWAITING_APPROVAL


def _post_once(
    notification: Notification, channel: Channel, message: JsonObject, under: str = ""
) -> None:
    """Post a message, unless an earlier attempt has posted it."""
    if channel.find(notification.id, possible_send_window(notification), under) is None:
        channel.post(message, under)


def _find_message(notification: Notification, channel: Channel, under: str = "") -> str | None:
    """Return the id of the message of a task that an earlier attempt may have posted."""
    found = channel.find(notification.task_id, possible_send_window(notification), under)
    return found if found and not found.endswith(":") else None


def _lacks_channel(settings: Settings) -> bool:
    return settings.channel is None and settings.mode != "origin"


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _why_not(secret: str) -> str:
    """Return why Slack accepts no messages with such a secret, without the secret."""
    return next((why for pattern, why in _MISTAKEN if pattern.match(secret)), _NEITHER)


CONNECTOR: Final = Slack
