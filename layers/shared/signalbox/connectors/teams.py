"""Teams: Adaptive Cards, through a workflow that is triggered by a webhook.

The secret is the URL of the workflow. Foreign text is put into text runs only, where nothing is
markup. The connectors of Microsoft 365, at webhook.office.com, were retired in 2026.

https://learn.microsoft.com/connectors/teams/?tabs=text1#microsoft-teams-webhook
https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import parse_qs

from pydantic import Field, JsonValue, ValidationError
from typing_extensions import override

from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.egress.task_text import change_title, change_word, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.base import JsonObject, Model, PartialModel
from signalbox.models.change import TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.notification import Notification

_WORKFLOW: Final = re.compile(
    r"https://[\w.-]{1,200}\.(?:environment\.api\.powerplatform\.com|logic\.azure\.com)(?::443)?"
    r"/[!-~]{1,500}\?([!-~]{1,1000})",
    re.ASCII,
)
_RETIRED: Final = re.compile(r"https://[\w.-]+\.webhook\.office\.com/")
_NO_WORKFLOW: Final = "the secret is not the URL of a workflow that a webhook triggers"
_NO_SIGNATURE: Final = "the URL has no sig: let anyone trigger the workflow, and copy its URL again"
_IS_RETIRED: Final = (
    "the URL is one of a connector of Microsoft 365, which were retired: create a workflow"
)

_TITLE: Final = 200
_FACT: Final = 100
_REASON: Final = 1_000
_RESULT: Final = 2_000
_TEXT: Final = 4_000
_LINK: Final = 1_400
_LINES: Final = 20
"""With these a message is under 20 KB; Teams posts none over 28 KB."""

_STYLES: Final = {
    "awaiting_approval": "warning",
    "created": "accent",
    "approved": "accent",
    "started": "accent",
    "retrying": "warning",
    "lease_lost": "warning",
    "succeeded": "good",
    "failed": "attention",
}
_ACCEPTED: Final = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})
_HINTS: Final = {
    "WorkflowNotFound": ": the workflow no longer exists",
    "WorkflowTriggerIsNotEnabled": ": the workflow is switched off",
    "DirectApiAuthorizationRequired": f": {_NO_SIGNATURE}",
}


class Settings(Model):
    """`width` is that of a card: `full` is as wide as the channel."""

    width: Literal["full", "default"] = "full"


class Teams(HttpConnector[Settings]):
    """A connector that posts a card for each change. Workflows cannot edit a card later."""

    name = "teams"
    settings_model = Settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if problem := self._problem(secret):
            raise Conflict(problem)

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        if problem := self._problem(secret):
            raise SecretRefused(problem)
        return json_request(secret, message(notification, width=settings.width))

    @override
    def judge(self, answer: HttpResponse) -> None:
        if answer.status in _ACCEPTED:
            return
        code = _code(answer.body)
        reason = f"Teams answered {answer.status} {code}".rstrip() + _HINTS.get(code, "")
        if answer.status == HTTPStatus.NOT_FOUND:
            raise SecretRefused(reason)
        raise send_error(answer.status, reason, answer.retry_after)

    def _problem(self, secret: str) -> str:
        """Return why no workflow has such a URL, empty if one may."""
        if self.http.trusts(secret):
            return ""
        if _RETIRED.match(secret):
            return _IS_RETIRED
        found = _WORKFLOW.fullmatch(secret)
        if found is None:
            return _NO_WORKFLOW
        return "" if parse_qs(found[1]).get("sig") else _NO_SIGNATURE


def message(notification: Notification, *, width: Literal["full", "default"]) -> JsonObject:
    """Return the message with its card."""
    card: JsonObject = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "fallbackText": _title(notification.change.data),
        "body": [*_body(notification), _footer(notification)],
    }
    if notification.text is None and (actions := _actions(notification.change.data)):
        card["actions"] = actions
    if width == "full":
        card["msteams"] = {"width": "Full"}
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _body(notification: Notification) -> Iterator[JsonObject]:
    task = notification.change.data
    if notification.text is not None:
        yield from _paragraph(escaped_lines(notification.text, _TEXT) or _title(task))
        return
    yield {
        "type": "Container",
        "style": _STYLES.get(change_word(notification.change), "emphasis"),
        "bleed": True,
        "items": [
            _rich(_run(_title(task), weight="Bolder", size="Medium")),
            _rich(_run(change_title(notification.change)), spacing="None"),
        ],
    }
    for name, fact in task_facts(task, _FACT).items():
        yield _rich(_run(f"{name}: "), _run(fact, weight="Bolder"), spacing="None")
    texts = {
        "Reason": escaped_lines(task.reason, _REASON),
        "Result": escaped_lines(task.result.summary if task.result else None, _RESULT),
    }
    for name, text in texts.items():
        if text:
            yield _rich(_run(name, weight="Bolder"))
            yield from _paragraph(text)


def _title(task: TaskView) -> str:
    return escaped_line(task.title, _TITLE) or "untitled"


def _footer(notification: Notification) -> JsonObject:
    ids = f"{notification.task_id} · {notification.id}"
    return _rich(_run(ids, size="Small", is_subtle=True))


def _paragraph(text: str) -> Iterator[JsonObject]:
    """Yield a block for each line, as clients differ in line breaks; the last has what is left."""
    first, *lines = text.split("\n", _LINES - 1)
    yield _rich(_run(first or " "))
    for line in lines:
        yield _rich(_run(line.replace("\n", " ") or " "), spacing="None")


def _actions(task: TaskView) -> list[JsonValue]:
    urls = {
        "Open the source": task.url,
        "Open the result": task.result.url if task.result else None,
    }
    links = {title: escaped_url(url, _LINK) for title, url in urls.items()}
    return [
        {"type": "Action.OpenUrl", "title": title, "url": url}
        for title, url in links.items()
        if url
    ]


def _rich(*runs: JsonObject, spacing: str = "Default") -> JsonObject:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def _run(
    text: str, *, weight: str = "Default", size: str = "Default", is_subtle: bool = False
) -> JsonObject:
    """Return text as it is: clients find no Markdown in it."""
    look = {"weight": weight, "size": size}
    run: JsonObject = {"type": "TextRun", "text": text}
    run |= {name: value for name, value in look.items() if value != "Default"}
    return run | ({"isSubtle": True} if is_subtle else {})


class _Error(PartialModel):
    code: str = Field(default="", pattern=r"^[A-Za-z]{0,60}$")


class _Answer(PartialModel):
    error: _Error = _Error()


def _code(body: bytes) -> str:
    """Return the code of an error, empty if it is not one that is known."""
    try:
        return _Answer.model_validate_json(body).error.code
    except ValidationError:
        return ""


CONNECTOR: Final = Teams
