"""Jira Cloud: an issue for each task, or comments on the issue that a task came from.

The secret is `EMAIL:API_TOKEN`, or an access token of OAuth 2.0, which needs a `cloud_id`.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
https://support.atlassian.com/user-management/docs/manage-api-tokens-for-service-accounts
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol

from pydantic import Field
from typing_extensions import override

from signalbox.connectors.jira.api import (
    IssueGone,
    JiraApi,
    comment_request,
    issue_request,
    judge,
)
from signalbox.connectors.jira.document import comment, issue_fields, issue_label
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused, possible_send_window
from signalbox.egress.task_text import change_word
from signalbox.models.base import JsonObject, Model
from signalbox.models.change import TASK_EVENT_PREFIX, TaskView
from signalbox.models.config import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.task import ChangeType

_GATEWAY: Final = "https://api.atlassian.com/ex/jira"
_BASIC: Final = re.compile(r"[^\s:@]+@[^\s:@]+:[!-~]+", re.ASCII)
_BEARER: Final = re.compile(r"[\w.~+/=-]+", re.ASCII)
_FORMS: Final = (
    "the secret is neither EMAIL:API_TOKEN nor, for a connection with a cloud_id, an access token"
)
_NO_ISSUE: Final = "the task is not from an issue of this site, and the connection has no project"
_KEY: Final = re.compile(r"/browse/([A-Z][A-Z0-9_]{0,99}-[0-9]{1,10})(?:[?#]|\Z)", re.ASCII)

Label = Annotated[str, Field(pattern=r"^\S{1,255}$")]
StatusName = Annotated[str, Field(min_length=1, max_length=60)]


class Settings(Model):
    """How tasks are shown at a site.

    `cloud_id` is that of the site; with it the API is called at api.atlassian.com. Issues are
    created in `project`, for tasks that did not come from an issue of the site. `statuses` are the
    statuses that changes move an issue to.
    """

    site: str = Field(pattern=r"^https?://[!-.0-~]{1,200}(/[!-.0-~]{1,100})*$")
    cloud_id: str | None = Field(default=None, pattern=r"^[0-9a-f-]{36}$")
    project: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]{0,99}$")
    issue_type: StatusName = "Task"
    labels: Annotated[tuple[Label, ...], Field(max_length=20, strict=False)] = ()
    comments: Literal["update", "each", "none"] = "update"
    statuses: dict[Annotated[ChangeType, Field(strict=False)], StatusName] = Field(
        default_factory=dict
    )


class Jira(HttpConnector[Settings]):
    """A connector that creates an issue once, comments on it, and moves it to a status."""

    name = "jira"
    settings_model = Settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if _authorization(self.settings(connection), secret) is None:
            raise Conflict(_FORMS)

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        self.require_https("site", settings.site)
        return settings

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        api = self._api(settings, secret)
        issue = source_issue(notification.change.data, settings.site)
        if issue:
            return api.signed(comment_request(issue, comment(notification)))
        if settings.project is None:
            raise SendRefused(_NO_ISSUE)
        return api.signed(issue_request(_fields(notification, settings, settings.project)))

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer, self.references.clock())

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        api = self._api(settings, secret)
        issue = source_issue(notification.change.data, settings.site)
        if issue:
            self._show(_SourceIssue(notification, settings.comments, api, issue), settings)
        elif settings.project:
            fields = _fields(notification, settings, settings.project)
            place = _OwnIssue(notification, settings.comments, api, settings.project, fields)
            self._show(place, settings)
        elif notification.change.type.startswith(TASK_EVENT_PREFIX):
            raise SendRefused(_NO_ISSUE)
        else:
            api.check_credentials()

    def _show(self, place: "_Place", settings: Settings) -> None:
        notification = place.notification
        created = False

        def create() -> str:
            nonlocal created
            created = True
            return place.create()

        self.references.find_or_create(notification, find=place.find, create=create)
        if not created:
            try:
                self.references.update(notification, place.update)
            except IssueGone:
                self.references.forget(notification)
                self.references.find_or_create(notification, find=lambda: None, create=create)
        if settings.comments == "each" and not (created and place.creates_issues):
            issue = place.issue(self.references.find(notification) or "")
            _comment_once(place.api, notification, issue)
        self._move(place, settings)

    def _move(self, place: "_Place", settings: Settings) -> None:
        word = change_word(place.notification.change)
        status = next((name for change, name in settings.statuses.items() if change == word), None)
        if status:
            self.references.update(
                place.notification, lambda target: place.api.move(place.issue(target), status)
            )

    def _api(self, settings: Settings, secret: str) -> JiraApi:
        authorization = _authorization(settings, secret)
        if authorization is None:
            raise SecretRefused(_FORMS)
        base = f"{_GATEWAY}/{settings.cloud_id}" if settings.cloud_id else settings.site
        return JiraApi(
            base=f"{base}/rest/api/3",
            authorization=authorization,
            http=self.http,
            clock=self.references.clock,
        )


class _Place(Protocol):
    """Where a task is shown. A target is the id that the references remember."""

    creates_issues: bool

    @property
    def notification(self) -> Notification: ...

    @property
    def api(self) -> JiraApi: ...

    def find(self) -> str | None: ...

    def create(self) -> str: ...

    def update(self, target: str) -> None: ...

    def issue(self, target: str) -> str: ...


@dataclass(frozen=True)
class _SourceIssue:
    """The issue that a task came from. The target is the comment on it."""

    notification: Notification
    comments: str
    api: JiraApi
    key: str

    creates_issues = False

    def find(self) -> str | None:
        if self.comments != "update":
            return self.key
        return self.api.find_comment(self.key, _of_task(self.notification))

    def create(self) -> str:
        if self.comments != "update":
            return self.key
        return self.api.add_comment(self.key, comment(self.notification))

    def update(self, target: str) -> None:
        if self.comments == "update":
            self.api.edit_comment(self.key, target, comment(self.notification))

    def issue(self, target: str) -> str:  # noqa: ARG002  the other place needs it
        return self.key


@dataclass(frozen=True)
class _OwnIssue:
    """The issue that is created for a task, and is the target. People may edit its description."""

    notification: Notification
    comments: str
    api: JiraApi
    project: str
    fields: JsonObject

    creates_issues = True

    def find(self) -> str | None:
        return self.api.find_issue(self.project, issue_label(self.notification.task_id))

    def create(self) -> str:
        return self.api.create_issue(self.fields)

    def update(self, target: str) -> None:
        if self.comments != "update":
            return
        body = comment(self.notification)
        found = self.api.find_comment(target, _of_task(self.notification))
        if found:
            self.api.edit_comment(target, found, body)
        else:
            self.api.add_comment(target, body)

    def issue(self, target: str) -> str:
        return target


def source_issue(task: TaskView, site: str) -> str | None:
    """Return the key of the issue that a task came from, None if it is of another site."""
    url = task.url or ""
    if task.provider != "jira" or not url.lower().startswith(f"{site.lower()}/browse/"):
        return None
    key = _KEY.match(url, len(site))
    return key[1] if key else None


def _comment_once(api: JiraApi, notification: Notification, issue: str) -> None:
    """Comment on an issue, unless an earlier attempt succeeded."""
    unknown = possible_send_window(notification)
    if not (unknown and api.find_comment(issue, notification.id)):
        api.add_comment(issue, comment(notification))


def _of_task(notification: Notification) -> str:
    return notification.task_id


def _fields(notification: Notification, settings: Settings, project: str) -> JsonObject:
    return issue_fields(
        notification, project=project, issue_type=settings.issue_type, labels=settings.labels
    )


def _authorization(settings: Settings, secret: str) -> str | None:
    """Return the header that authenticates with a secret, None if the site knows no such one."""
    if _BASIC.fullmatch(secret):
        return f"Basic {b64encode(secret.encode()).decode()}"
    if settings.cloud_id and _BEARER.fullmatch(secret):
        return f"Bearer {secret}"
    return None


CONNECTOR: Final = Jira
