"""Jira Cloud: an issue for each task, or comments on the issue that a task came from.

The secret is `EMAIL:API_TOKEN`, or an access token of OAuth 2.0, which needs a `cloud_id`.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
https://support.atlassian.com/user-management/docs/manage-api-tokens-for-service-accounts
"""

import re
from base64 import b64encode
from typing import Annotated, Final

from pydantic import Field
from typing_extensions import override

from signalbox.connectors.jira.api import JiraApi, comment_request, issue_request, judge
from signalbox.connectors.jira.document import comment_body, issue_fields, issue_label
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.egress.task_text import change_word
from signalbox.egress.tracker import CommentMode, ShowAtTracker, Tracker
from signalbox.models.base import JsonObject, Model
from signalbox.models.change import TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
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
    comments: CommentMode = "update"
    statuses: dict[Annotated[ChangeType, Field(strict=False)], StatusName] = Field(
        default_factory=dict
    )


class Jira(HttpConnector[Settings]):
    """A connector that creates an issue once, comments on it, and moves it to a status."""

    name = "jira"
    settings_model = Settings
    takes_access_tokens = True

    @override
    def check(self, connection: Connection) -> None:
        super().check(connection)
        if connection.auth and self.settings(connection).cloud_id is None:
            raise SettingsInvalid("cloud_id: a connection with auth needs that of the site")

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if _authorization(self.settings(connection), secret) is None:
            raise Conflict(_FORMS)

    @override
    def reply_settings(self, source: JsonObject) -> JsonObject:
        return {"site": source.get("api_url")}

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
            return api.signed(comment_request(issue, comment_body(notification)))
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
        tracker = _JiraTracker(api=api, notification=notification, settings=settings)
        word = change_word(notification.change)
        show = ShowAtTracker(
            references=self.references,
            notification=notification,
            tracker=tracker,
            comments=settings.comments,
            place=next((name for each, name in settings.statuses.items() if each == word), None),
        )
        if issue:
            show.on_item(issue)
        elif settings.project:
            show.as_item()
        elif not notification.change.is_test:
            raise SendRefused(_NO_ISSUE)
        else:
            api.check_credentials()

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


@frozen
class _JiraTracker(Tracker):
    api: JiraApi
    notification: Notification
    settings: Settings

    @override
    def find(self) -> str | None:
        return self.api.find_issue(self._project, issue_label(self.notification.task_id))

    @override
    def create(self) -> str:
        return self.api.create_issue(_fields(self.notification, self.settings, self._project))

    @override
    def find_comment(self, item: str, text: str) -> str | None:
        return self.api.find_comment(item, text)

    @override
    def add_comment(self, item: str) -> str:
        return self.api.add_comment(item, comment_body(self.notification))

    @override
    def edit_comment(self, item: str, comment: str) -> None:
        self.api.edit_comment(item, comment, comment_body(self.notification))

    @override
    def move(self, item: str, place: str) -> None:
        self.api.move(item, place)

    @property
    def _project(self) -> str:
        return self.settings.project or ""


def source_issue(task: TaskView, site: str) -> str | None:
    """Return the key of the issue that a task came from, None if it is of another site."""
    url = task.url or ""
    if task.provider != "jira" or not url.lower().startswith(f"{site.lower()}/browse/"):
        return None
    key = _KEY.match(url, len(site))
    return key[1] if key else None


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
