"""PagerDuty: alerts by the Events API v2, one for each task, by the task's id.

The secret is the routing key of a service or an orchestration. Repeated events change nothing, as
the id of the task is their deduplication key.

https://developer.pagerduty.com/docs/events-api-v2-overview
https://developer.pagerduty.com/docs/send-alert-event
https://developer.pagerduty.com/docs/send-change-event
"""

import re
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, ValidationError, model_validator
from typing_extensions import override

from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.egress.task_text import change_title, task_facts
from signalbox.egress.text import escaped_line, escaped_lines, escaped_url
from signalbox.models.base import JsonObject, Model, PartialModel
from signalbox.models.change import TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType, Priority, TaskStatus

_API: Final = "https://events.pagerduty.com"
_APIS: Final = frozenset({_API, "https://events.eu.pagerduty.com"})
_KEY: Final = re.compile(r"[0-9A-Za-z]{32}")
_NO_KEY: Final = "the secret is not a routing key, which has 32 letters and digits"
_NAMES_KEY: Final = re.compile(r"routing.?key", re.IGNORECASE)

_SUMMARY: Final = 1_024
_FACT: Final = 200
_TEXT: Final = 2_000
_LINK: Final = 2_000

_PROVIDER: Final = "pagerduty"
_SEVERITIES: Final = {
    Priority.HIGH: "critical",
    Priority.NORMAL: "error",
    Priority.LOW: "warning",
}

Action = Literal["trigger", "acknowledge", "resolve", "record"]
Changes = Annotated[
    tuple[Annotated[ChangeType, Field(strict=False)], ...], Field(strict=False, max_length=20)
]


class Settings(Model):
    """Which changes do what; a change in none of the lists does nothing.

    `record` lists changes that are shown beside incidents, without an alert. `severity` is that of
    every alert; without it the priority of the task decides. `api_url` is that of a region.
    """

    trigger: Changes = (ChangeType.FAILED,)
    acknowledge: Changes = (ChangeType.STARTED,)
    resolve: Changes = (ChangeType.SUCCEEDED, ChangeType.CANCELLED)
    record: Changes = ()
    severity: Literal["critical", "error", "warning", "info"] | None = None
    api_url: str = _API

    @model_validator(mode="after")
    def _each_change_once(self) -> Self:
        listed = (*self.trigger, *self.acknowledge, *self.resolve, *self.record)
        if repeated := [change for change, times in Counter(listed).items() if times > 1]:
            raise ValueError(f"{repeated[0]} is listed twice")
        return self

    def action(self, notification: Notification) -> Action | None:
        """Return what a notification does, None if nothing.

        A test resolves an alert that does not exist, which checks the key and alerts nobody. An
        incident opens an alert and resolves it, whatever the settings of changes. A
        task that came from PagerDuty opens no alert: the alert could create the next task.
        """
        change = notification.change
        if change.is_test:
            return "resolve"
        if change.is_incident:
            return "trigger" if change.data.status is TaskStatus.FAILED else "resolve"
        lists: dict[Action, Changes] = {
            "trigger": self.trigger,
            "acknowledge": self.acknowledge,
            "resolve": self.resolve,
            "record": self.record,
        }
        action = next(
            (name for name, listed in lists.items() if change.change_type in listed), None
        )
        opens_loop = action == "trigger" and change.data.provider == _PROVIDER
        return None if opens_loop else action


class PagerDuty(HttpConnector[Settings]):
    """A connector whose alert of a task never goes back to an older state."""

    name = _PROVIDER
    settings_model = Settings

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        if settings.api_url not in _APIS and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is neither PagerDuty's nor at a trusted origin")
        return settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if not _KEY.fullmatch(secret):
            raise Conflict(_NO_KEY)

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        action = settings.action(notification)
        if action is None:
            return
        request = self.render(notification, settings, secret)

        def create() -> str:
            self._sent(request)
            return notification.task_id

        if action == "record":
            self._sent(request)
        else:
            self.references.show(
                notification,
                find=lambda: None,
                create=create,
                update=lambda _: self._sent(request),
            )

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        if not _KEY.fullmatch(secret):
            raise SecretRefused(_NO_KEY)
        action = settings.action(notification)
        event: JsonObject = {"routing_key": secret, **_payload(notification, settings)}
        if action == "record":
            return json_request(f"{settings.api_url}/v2/change/enqueue", event)
        event |= {"event_action": action, "dedup_key": notification.task_id, "client": "Signalbox"}
        return json_request(f"{settings.api_url}/v2/enqueue", event)

    @override
    def judge(self, answer: HttpResponse) -> None:
        if answer.status == HTTPStatus.ACCEPTED:
            return
        reason = f"PagerDuty answered {answer.status}"
        if answer.status == HTTPStatus.BAD_REQUEST and _refuses_key(answer.body):
            raise SecretRefused(f"{reason}: it does not know the routing key")
        raise send_error(answer.status, reason, answer.retry_after)

    def _sent(self, request: HttpRequest) -> None:
        self.judge(self.http(request))


def _payload(notification: Notification, settings: Settings) -> JsonObject:
    """Return the description of a change: foreign text is redacted, and plain at PagerDuty."""
    change = notification.change
    task = change.data
    details: JsonObject = {"Change": change_title(change), **task_facts(task, _FACT)}
    texts = {
        "Reason": escaped_lines(task.reason, _TEXT),
        "Result": escaped_lines(task.result.summary if task.result else None, _TEXT),
    }
    details |= {name: text for name, text in texts.items() if text}
    details |= {"Task": task.id, "Notification": notification.id}
    payload: JsonObject = {
        "summary": _summary(notification),
        "source": escaped_line(task.repository, _FACT) or f"{task.provider}/{task.source}",
        "timestamp": change.time.isoformat(),
        "custom_details": details,
    }
    if settings.action(notification) != "record":
        payload["severity"] = settings.severity or _SEVERITIES[task.priority]
        payload["component"] = task.provider
        payload["class"] = escaped_line(task.kind, _FACT) or "task"
    return {"payload": payload, "links": _links(task)}


def _summary(notification: Notification) -> str:
    title = escaped_line(notification.change.data.title, _SUMMARY) or "untitled"
    if notification.text is not None:
        return escaped_line(notification.text, _SUMMARY) or title
    return escaped_line(f"{change_title(notification.change)}: {title}", _SUMMARY)


def _links(task: TaskView) -> list[JsonValue]:
    urls: Mapping[str, str | None] = {
        "Source": task.url,
        "Result": task.result.url if task.result else None,
    }
    links = {text: escaped_url(url, _LINK) for text, url in urls.items()}
    return [{"href": url, "text": text} for text, url in links.items() if url]


class _Invalid(PartialModel):
    message: str = ""
    errors: list[str] = Field(default_factory=list)


def _refuses_key(body: bytes) -> bool:
    """Return whether an error is about the routing key."""
    try:
        invalid = _Invalid.model_validate_json(body)
    except ValidationError:
        return False
    return any(map(_NAMES_KEY.search, (invalid.message, *invalid.errors)))


CONNECTOR: Final = PagerDuty
