"""Slack: messages of Block Kit, by an incoming webhook or by `chat.postMessage`.

The secret decides which: the address of a webhook, or a bot token, which needs a channel.
https://docs.slack.dev/reference/block-kit https://docs.slack.dev/reference/methods/chat.postMessage
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from signalbox.connectors.answers import SecretRefused, doubtful_span, in_turn, trouble
from signalbox.connectors.settings import SettingsInvalid, settings_of
from signalbox.connectors.text import in_line, in_lines, link
from signalbox.connectors.transport import Answer, Http, Request, json_request
from signalbox.models.base import Model
from signalbox.models.change import PREFIX, TaskView
from signalbox.models.config import Connection
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification

Json = dict[str, JsonValue]

_API: Final = "https://slack.com/api"
_HOOK: Final = "https://hooks.slack.com/services/"
_TOKEN: Final = "xoxb-"  # noqa: S105 - how a token begins
_NO_CHANNEL: Final = "a bot token needs a channel"
_LATEST: Final = 100
_MAX_HISTORY: Final = 1_000_000
_LINK: Final = 1_400

_LOOKS: Final = {
    "created": (":inbox_tray:", "New task"),
    "started": (":arrow_forward:", "Task started"),
    "released": (":leftwards_arrow_with_hook:", "Task given back"),
    "retrying": (":repeat:", "Task will be tried again"),
    "lease_lost": (":warning:", "Worker lost"),
    "succeeded": (":white_check_mark:", "Task succeeded"),
    "failed": (":x:", "Task failed"),
    "cancelled": (":no_entry_sign:", "Task cancelled"),
    "retried": (":arrows_counterclockwise:", "Task started over"),
}
_OTHER_LOOK: Final = (":bell:", "Task changed")

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
"""What a word of Slack's would be as a status; 200 comes with most of them."""


class Settings(Model):
    """`channel` is an id or a name; only under its id can a repeat be recognised.

    `api_url` is for local use: anything but Slack must be at a trusted origin.
    """

    channel: str | None = Field(default=None, pattern=r"^#?[\w.-]{1,80}$")
    api_url: str = _API


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """A connector. Before it repeats a message it looks for the first one, where it can."""

    http: Http
    name = "slack"

    def check(self, connection: Connection) -> None:
        """Raises SettingsInvalid."""
        self._settings(connection)

    def check_secret(self, connection: Connection, secret: str) -> None:
        """Raises Conflict for a bot token where there is no channel; SettingsInvalid."""
        if secret.startswith(_TOKEN) and self._settings(connection).channel is None:
            raise Conflict(_NO_CHANNEL)

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        """Posts a message. Raises SendRefused, SendDelayed."""
        settings = self._settings(connection)
        in_turn(secrets, lambda secret: self._send(notification, settings, secret))

    def _settings(self, connection: Connection) -> Settings:
        settings = settings_of(Settings, connection)
        if settings.api_url != _API and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is not at a trusted origin")
        return settings

    def _send(self, notification: Notification, settings: Settings, secret: str) -> None:
        if secret.startswith(_TOKEN):
            self._call(notification, settings, {"Authorization": f"Bearer {secret}"})
        elif secret.startswith(_HOOK) or self.http.trusts(secret):
            judge(self.http(json_request(secret, render(notification))))
        else:
            raise SecretRefused("the secret is neither a webhook of Slack nor a bot token")

    def _call(
        self, notification: Notification, settings: Settings, headers: dict[str, str]
    ) -> None:
        if settings.channel is None:
            raise SettingsInvalid(_NO_CHANNEL)
        span = doubtful_span(notification)
        if span and self._arrived(notification, span, settings, headers):
            return
        message = render(notification, settings.channel)
        judge(self.http(json_request(f"{settings.api_url}/chat.postMessage", message, headers)))

    def _arrived(
        self,
        notification: Notification,
        span: tuple[datetime, datetime],
        settings: Settings,
        headers: dict[str, str],
    ) -> bool:
        """Whether an attempt got through then; not, where the token may not read the channel."""
        oldest, latest = (at.timestamp() for at in span)
        asked = {"channel": settings.channel, "oldest": oldest, "latest": latest, "limit": _LATEST}
        url = f"{settings.api_url}/conversations.history?{urlencode(asked)}"
        answer = self.http(Request(method="GET", url=url, headers=headers, max_answer=_MAX_HISTORY))
        if notification.id.encode() in answer.body:
            return True
        try:
            judge(answer)
        except SecretRefused:
            raise
        except SendRefused:
            return False
        except SendDelayed:
            if len(answer.body) < _MAX_HISTORY:
                raise  # what was cut would be cut again
        return False


def render(notification: Notification, channel: str | None = None) -> Json:
    """The message: for `chat.postMessage` where there is a channel, else for a webhook."""
    task = notification.change.data
    word = notification.change.type.removeprefix(PREFIX)
    icon, words = _LOOKS.get(word, _OTHER_LOOK)
    title = in_line(task.title, 300, _escaped) or "untitled"
    summary = task.result.summary if task.result else None
    blocks: list[JsonValue] = [
        _section(f"{icon} *{title}*\n{words}"),
        {"type": "section", "fields": [_text(fact) for fact in _facts(task)]},
        *_told("Reason", in_lines(task.reason, 1_500, _escaped)),
        *_told("Result", in_lines(summary, 2_500, _escaped)),
        *_links(task),
        {"type": "context", "elements": [_text(f"{task.id} · {notification.id}")]},
    ]
    text = f"{icon} {words}: {title}"
    message: Json = {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
    return message if channel is None else message | _addressed(notification, channel)


def judge(answer: Answer) -> None:
    """Raises SendRefused or SendDelayed where Slack has not taken the message."""
    word = _word(answer.body)
    status = answer.status
    if status == HTTPStatus.OK:
        if word == _OK:
            return
        status = HTTPStatus.BAD_REQUEST if word else HTTPStatus.BAD_GATEWAY
    reason = f"Slack answered {answer.status} {word}".strip()
    raise trouble(_MEANS.get(word, status), reason, answer.retry_after)


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)

    ok: bool
    error: JsonValue = None


def _word(body: bytes) -> str:
    """What Slack said: `ok`, the name of an error, or empty where it is nothing of the kind."""
    try:
        said = _Said.model_validate_json(body)
    except ValidationError:
        word = body.decode("ascii", "replace").strip()
        return word if _WORD.fullmatch(word) else ""
    if said.ok:
        return _OK
    named = isinstance(said.error, str) and _WORD.fullmatch(said.error) and said.error != _OK
    return str(said.error) if named else _NOT_OK


def _addressed(notification: Notification, channel: str) -> Json:
    ids: Json = {
        "notification_id": notification.id,
        "task_id": notification.task_id,
        "change_id": notification.change.id,
    }
    return {
        "channel": channel,
        "metadata": {"event_type": "signalbox_task", "event_payload": ids},
    }


def _facts(task: TaskView) -> list[str]:
    facts = {
        "Kind": task.kind,
        "Priority": task.priority,
        "Repository": task.repository,
        "Branch": task.branch,
        "Author": task.author,
        "Attempt": f"{task.attempt} of {task.max_attempts}" if task.attempt else None,
    }
    shown = {name: in_line(fact, 200, _escaped) for name, fact in facts.items()}
    return [f"*{name}*\n{fact}" for name, fact in shown.items() if fact]


def _told(name: str, text: str) -> list[JsonValue]:
    return [_section(f"*{name}*\n{text}")] if text else []


def _links(task: TaskView) -> list[JsonValue]:
    urls = {
        "Open the source": link(task.url, _LINK, _escaped),
        "Open the result": link(task.result.url if task.result else None, _LINK, _escaped),
    }
    shown = " · ".join(f"<{url}|{name}>" for name, url in urls.items() if url)
    return [_section(shown)] if shown else []


def _section(text: str) -> Json:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Json:
    """Markup; `verbatim` keeps Slack from finding links and names of its own in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
