"""GitHub: comments, commit statuses, check runs, labels, and events that start workflows.

The secret is a token, or a JSON object with a GitHub App, its installation and its private key.
"""

import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, JsonValue
from typing_extensions import override

from signalbox.connectors.github.api import GitHubApi, check_run
from signalbox.connectors.github.auth import (
    AppSecret,
    GitHubCaller,
    InstallationTokens,
    acts_as_app,
    parse_secret,
)
from signalbox.connectors.github.responses import judge
from signalbox.egress.connector import Clients
from signalbox.egress.forge import ForgeConnector, ForgeSettings, TaskReporter
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.egress.task_place import CommitRef, IssueRef, TextRef
from signalbox.egress.task_report import report_comment
from signalbox.egress.task_text import change_word
from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import JsonObject
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.notification import Notification
from signalbox.models.redaction import redacted
from signalbox.models.task import TaskStatus

Action = Literal["comment", "status", "check", "labels", "dispatch"]
Label = Annotated[str, Field(pattern=r"^[^\x00-\x20\x7f,]([^\x00-\x1f\x7f,]{0,49})$")]

_CLOUD_API: Final = "https://api.github.com"
_SERVER_API: Final = re.compile(r"(https?://[^/]+)/api/v3")
_TENANT_API: Final = re.compile(r"https://api\.([a-z0-9-]+\.ghe\.com)")
_REVIEW_COMMENT: Final = re.compile(r"discussion_r([0-9]{1,20})")
_APP_NEEDED: Final = "check runs need a GitHub App: its key, or a token of its installation"
_LABELS: Final = {
    TaskStatus.RUNNING: "signalbox: running",
    TaskStatus.SUCCEEDED: "signalbox: done",
    TaskStatus.FAILED: "signalbox: failed",
}
_SENT: Final = (
    "id", "status", "kind", "title", "provider", "source", "repository", "branch", "commit",
    "author", "url", "attempt", "labels", "reason",
)  # fmt: skip
"""The fields of a task that an event of `repository_dispatch` has."""


class Settings(ForgeSettings):
    """How tasks are shown at GitHub.

    `actions` are what is done, in this order. `labels` are those of a task's status. `event_type`
    is that of `repository_dispatch`, by default the type of the change.
    """

    api_url: ApiUrl = _CLOUD_API
    web_url: ApiUrl | None = None
    actions: Annotated[tuple[Action, ...], Field(min_length=1, strict=False)] = ("comment",)
    labels: dict[Annotated[TaskStatus, Field(strict=False)], Label] = Field(
        default_factory=lambda: dict(_LABELS)
    )
    event_type: Annotated[str, Field(pattern=r"^[\w.:-]{1,100}$")] | None = None


class GitHub(ForgeConnector[Settings]):
    """A connector that shows a task where it came from."""

    name = "github"
    settings_model = Settings
    circular: ClassVar = {"check": ("check_run.",)}

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._tokens = InstallationTokens(self.http, self.references.clock)

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        try:
            parsed = parse_secret(secret)
            if isinstance(parsed, AppSecret):
                parsed.signed_token(self.references.clock())
        except SecretRefused as refusal:
            raise Conflict(refusal.reason) from None
        if "check" in self.settings(connection).actions and not acts_as_app(parsed):
            raise Conflict(_APP_NEEDED)

    @override
    def forge(self, settings: Settings, secret: str) -> GitHubApi:
        caller = GitHubCaller(
            http=self.http,
            tokens=self._tokens,
            api_url=settings.api_url,
            secret=parse_secret(secret),
        )
        return GitHubApi(
            base=settings.api_url,
            call=caller,
            signed=caller.signed,
            clock=self.references.clock,
        )

    @override
    def web_url(self, api_url: str) -> str | None:
        if api_url == _CLOUD_API:
            return "https://github.com"
        if tenant := _TENANT_API.fullmatch(api_url):
            return f"https://{tenant[1]}"
        server = _SERVER_API.fullmatch(api_url)
        return server[1] if server else None

    @override
    def comment_at(self, issue: IssueRef, fragment: str) -> TextRef | None:
        if found := _REVIEW_COMMENT.fullmatch(fragment):
            return TextRef(issue=issue, comment=found[1], is_review=True)
        return super().comment_at(issue, fragment)

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer, self.references.clock())

    @override
    def perform(self, action: str, report: TaskReporter, settings: Settings) -> None:
        match action, report.forge:
            case "check", GitHubApi() as api:
                self._check(api, report, settings)
            case "labels", GitHubApi() as api:
                self._label(api, report, settings)
            case "dispatch", GitHubApi() as api:
                event = dispatch_event(report.notification, settings.event_type)
                api.dispatch(report.place.require_repository(), event)
            case _:
                super().perform(action, report, settings)

    def _check(self, api: GitHubApi, report: TaskReporter, settings: Settings) -> None:
        notification = report.notification
        repository = report.place.require_repository()
        run = check_run(notification, settings.context, report_comment(notification))

        def commit() -> CommitRef:
            return CommitRef(repository=repository, sha=report.commit())

        self.references.of_kind("check").show(
            notification,
            find=lambda: api.find_check(commit(), settings.context, report.task.id),
            create=lambda: api.create_check(commit(), run),
            update=lambda check: api.update_check(repository, check, run),
        )

    def _label(self, api: GitHubApi, report: TaskReporter, settings: Settings) -> None:
        issue = report.place.require_issue()
        label = settings.labels.get(report.task.status)
        others = [each for each in settings.labels.values() if each != label]

        def set_label(*_: str) -> str:
            api.set_label(issue, label, others)
            return str(issue.number)

        self.references.of_kind("labels").show(
            report.notification, find=lambda: None, create=set_label, update=set_label
        )


def dispatch_event(notification: Notification, event_type: str | None = None) -> JsonObject:
    """Return the event for `repository_dispatch`, in which secrets are masked.

    `client_payload` takes ten properties, so the task is one of them.
    """
    change = notification.change
    task = change.data.model_dump(mode="json", exclude={"result"})
    result = change.data.result
    payload: JsonObject = {
        "change": change_word(change),
        "change_id": change.id,
        "notification_id": notification.id,
        "task": {name: _masked(task[name]) for name in _SENT},
        "result": {"summary": redacted(result.summary), "url": result.url} if result else None,
    }
    if notification.text is not None:
        payload["message"] = redacted(notification.text)
    return {"event_type": event_type or change.type, "client_payload": payload}


def _masked(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return redacted(value) if isinstance(value, str) else value


CONNECTOR: Final = GitHub
