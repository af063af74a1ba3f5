r"""Discord: embeds through the webhook of a channel, one message for each task.

The secret is the URL of the webhook. A message is edited with each later change. Discord does not
list the messages of a webhook, so one whose creation was not answered is posted again.

https://docs.discord.com/developers/resources/webhook#execute-webhook
https://docs.discord.com/developers/resources/message#embed-object-embed-limits
https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import urlencode

from pydantic import Field, JsonValue, ValidationError
from typing_extensions import override

from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.egress.task_text import change_title, change_word, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.backoff import LONGEST, SHORTEST
from signalbox.models.base import JsonObject, Model, PartialModel
from signalbox.models.change import TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.notification import Notification

_HOOK: Final = re.compile(
    r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{1,20}"
    r"/[\w-]{1,100}",
    re.ASCII,
)
_NO_HOOK: Final = (
    "the secret is not the URL of a webhook, https://discord.com/api/webhooks/ID/TOKEN"
)
_MARKUP: Final = re.compile(r"[\\*_~`|<>\[\]()#-]")

_TEXT: Final = 4_096
_TITLE: Final = 256
_FACT: Final = 100
_LINK: Final = 900
_REASON: Final = 1_000
_RESULT: Final = 1_500
"""With these the sum of all texts, for which Discord takes 6,000, is under 5,900."""

_GREY: Final = 0x95A5A6
_COLORS: Final = {
    "awaiting_approval": 0xF1C40F,
    "created": 0x5865F2,
    "approved": 0x5865F2,
    "started": 0x3498DB,
    "retrying": 0xF1C40F,
    "lease_lost": 0xE67E22,
    "succeeded": 0x2ECC71,
    "failed": 0xE74C3C,
}

_UNKNOWN_CHANNEL: Final = 10003
_UNKNOWN_MESSAGE: Final = 10008
_THREAD_ARCHIVED: Final = 50083
_FORUM: Final = 220001
_HINTS: Final = {
    _UNKNOWN_CHANNEL: ": there is no such thread_id in the channel of the webhook",
    _FORUM: ": the channel is a forum, so the connection needs a thread_id",
}


class Settings(Model):
    """`mode` is whether a task has one message, or each change one of its own.

    `thread_id` is a thread of the webhook's channel, or a post of its forum.
    """

    mode: Literal["update", "each"] = "update"
    thread_id: str | None = Field(default=None, pattern=r"^[0-9]{1,20}$")


class Discord(HttpConnector[Settings]):
    """A connector that edits the message of a task, and posts another if it was deleted."""

    name = "discord"
    settings_model = Settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if not self._is_webhook(secret):
            raise Conflict(_NO_HOOK)

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        request = self.render(notification, settings, secret)
        if settings.mode == "each" or notification.is_digest:
            self._sent(request)
            return
        self.references.show(
            notification,
            find=lambda: None,
            create=lambda: self._sent(request),
            update=lambda message: self._judged(_edit(request, secret, message, settings)),
        )

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        if not self._is_webhook(secret):
            raise SecretRefused(_NO_HOOK)
        query = urlencode({"wait": "true"} | _thread(settings))
        return json_request(f"{secret}?{query}", message(notification))

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer)

    def _judged(self, request: HttpRequest) -> None:
        self.judge(self.http(request))

    def _sent(self, request: HttpRequest) -> str:
        """Return the id of the message that Discord posted or edited."""
        answer = self.http(request)
        self.judge(answer)
        return _parsed(answer.body).id

    def _is_webhook(self, secret: str) -> bool:
        return bool(_HOOK.fullmatch(secret)) or self.http.trusts(secret)


def message(notification: Notification) -> JsonObject:
    """Return the message, in which nobody is mentioned."""
    change = notification.change
    embed: JsonObject = {
        **_content(notification),
        "color": _COLORS.get(change_word(change), _GREY),
        "footer": {"text": f"{change.subject} · {notification.id}"},
        "timestamp": change.time.isoformat(),
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def judge(answer: HttpResponse) -> None:
    """Check that Discord has posted or edited a message.

    Raises:
        TargetGone: The message was deleted, or its thread is closed.
        SecretRefused: The webhook was deleted, or its token is another one now.
        SendRefused: Discord will never accept the message.
        SendDelayed: Discord may accept it later.
    """
    said = _parsed(answer.body)
    status, code = answer.status, said.code
    reason = f"Discord answered {status} {code or ''}".rstrip() + _HINTS.get(code, "")
    match status:
        case HTTPStatus.OK if said.id:
            return
        case HTTPStatus.OK:
            raise send_error(HTTPStatus.BAD_GATEWAY, f"{reason} without a message", None)
        case HTTPStatus.NOT_FOUND | HTTPStatus.BAD_REQUEST if code in {
            _UNKNOWN_MESSAGE,
            _THREAD_ARCHIVED,
        }:
            raise TargetGone(reason)
        case HTTPStatus.NOT_FOUND if code != _UNKNOWN_CHANNEL:
            raise SecretRefused(f"{reason}: the webhook no longer exists")
    raise send_error(status, reason, said.wait or answer.retry_after)


class _Parsed(PartialModel):
    """What Discord answers: a message, or an error with its code."""

    id: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    code: int = Field(default=0, ge=0, lt=10_000_000)
    retry_after: float | None = Field(default=None, ge=0, le=1e9)

    @property
    def wait(self) -> timedelta | None:
        """Return how long Discord asks to wait."""
        if self.retry_after is None:
            return None
        return min(max(timedelta(seconds=self.retry_after), SHORTEST), LONGEST)


def _parsed(body: bytes) -> _Parsed:
    try:
        return _Parsed.model_validate_json(body)
    except ValidationError:
        return _Parsed()


def _edit(request: HttpRequest, secret: str, message_id: str, settings: Settings) -> HttpRequest:
    query = f"?{urlencode(thread)}" if (thread := _thread(settings)) else ""
    return replace(request, method="PATCH", url=f"{secret}/messages/{message_id}{query}")


def _thread(settings: Settings) -> dict[str, str]:
    return {"thread_id": settings.thread_id} if settings.thread_id else {}


def _content(notification: Notification) -> JsonObject:
    task = notification.change.data
    title = escaped_line(task.title, _TITLE, _escaped) or "untitled"
    if notification.text is not None:
        return {"description": escaped_lines(notification.text, _TEXT, _escaped) or title}
    texts = (f"**{change_title(notification.change)}**", *_texts(task))
    return {"title": title, "description": "\n\n".join(texts), "fields": list(_fields(task))}


def _texts(task: TaskView) -> Iterator[str]:
    if reason := escaped_lines(task.reason, _REASON, _escaped):
        yield reason
    if task.result and (summary := escaped_lines(task.result.summary, _RESULT, _escaped)):
        yield summary


def _fields(task: TaskView) -> Iterator[JsonValue]:
    facts = {**task_facts(task, _FACT, _escaped)}
    if not task.result:
        facts["Progress"] = escaped_line(task.progress, _FACT, _escaped)
    for name, fact in facts.items():
        if fact:
            yield {"name": name, "value": fact, "inline": True}
    result_url = task.result.url if task.result else None
    for name, url in {"Source": task.url, "Result": result_url}.items():
        if shown := escaped_url(url, _LINK, _in_link):
            yield {"name": name, "value": f"[open]({shown})", "inline": True}


def _escaped(text: str) -> str:
    """Return text in which Discord finds no Markdown, link, mention or emoji."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _in_link(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29")


CONNECTOR: Final = Discord
