"""Linear: an issue for each task, or comments on the issue that a task came from.

The secret is an API key, or an access token of OAuth 2.0. Issues and comments have ids that are
derived from the task or the notification, so that a repeated attempt finds them.

https://linear.app/developers/graphql
https://github.com/linear/linear/blob/master/packages/sdk/src/schema.graphql
"""

import re
from contextlib import suppress
from typing import Annotated, Final, Literal

from pydantic import Field
from typing_extensions import override

from signalbox.connectors.linear.answers import judge
from signalbox.connectors.linear.api import API_URL, LinearApi, derived_id, issue_input
from signalbox.connectors.linear.document import comment, description, title
from signalbox.egress.acknowledge import Acknowledgement, is_new_task, is_of_issue_text
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused, possible_send_window
from signalbox.egress.task_text import change_word
from signalbox.models.base import JsonObject, Model
from signalbox.models.change import TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType, Priority

_API_KEY: Final = re.compile(r"lin_api_\w{8,200}", re.ASCII)
_ACCESS_TOKEN: Final = re.compile(r"lin_oauth_\w{8,200}|[0-9a-f]{64}", re.ASCII)
_FORMS: Final = "the secret is neither an API key, lin_api_…, nor an access token, lin_oauth_…"
_NO_ISSUE: Final = "the task is not from an issue of Linear, and the connection has no team"
_ISSUE: Final = re.compile(
    r"https://linear\.app/[\w-]+/issue/([A-Z][A-Z0-9]{0,9}-[0-9]{1,9})(?:[/?#]|\Z)", re.ASCII
)
_COMMENT: Final = re.compile(r"[^#]*#comment-([0-9a-f]{4,36})")
_PRIORITIES: Final = {Priority.HIGH: 2, Priority.NORMAL: 3, Priority.LOW: 4}
"""https://linear.app/docs/priority: 1 is urgent, 4 is low."""

StatusName = Annotated[str, Field(min_length=1, max_length=100)]


class Settings(Model):
    """How tasks are shown in a workspace.

    Issues are created in `team`, a key or an id, for tasks that did not come from an issue.
    `statuses` are the statuses that changes move an issue to. `acknowledge` is how a new task is
    shown on the issue that it came from. `api_url` is for local use.
    """

    team: str | None = Field(default=None, pattern=r"^([A-Z][A-Z0-9]{0,9}|[0-9a-f-]{36})$")
    comments: Literal["update", "each", "none"] = "update"
    statuses: dict[Annotated[ChangeType, Field(strict=False)], StatusName] = Field(
        default_factory=dict
    )
    acknowledge: Acknowledgement = "comment"
    api_url: str = API_URL


class Linear(HttpConnector[Settings]):
    """A connector that creates an issue once, comments on it, and moves it to a status."""

    name = "linear"
    settings_model = Settings
    takes_access_tokens = True

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        if settings.api_url != API_URL and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is neither Linear's nor at a trusted origin")
        return settings

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if _authorization(secret) is None:
            raise Conflict(_FORMS)

    @override
    def render(self, notification: Notification, settings: Settings, secret: str) -> HttpRequest:
        if settings.team is None:
            raise SendRefused(_NO_ISSUE)
        issue = _input(notification)
        return self._api(settings, secret).creation({**issue, "teamId": settings.team})

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer, self.references.clock())

    @override
    def reply_settings(self, source: JsonObject) -> JsonObject:
        return {"acknowledge": "reaction"}

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        api = self._api(settings, secret)
        if notification.change.is_test:
            api.check_access(settings.team)
            return
        place = _Place(notification=notification, settings=settings, api=api)
        if settings.acknowledge == "reaction" and place.acknowledge():
            return
        self.references.show(
            notification, find=place.find, create=place.create, update=place.update
        )

    def _api(self, settings: Settings, secret: str) -> LinearApi:
        authorization = _authorization(secret)
        if authorization is None:
            raise SecretRefused(_FORMS)
        return LinearApi(
            url=settings.api_url,
            authorization=authorization,
            http=self.http,
            clock=self.references.clock,
        )


@frozen
class _Place:
    """The issue that shows a task: its own, or the one that it came from."""

    notification: Notification
    settings: Settings
    api: LinearApi

    @property
    def is_own(self) -> bool:
        """Return whether the issue is created for the task."""
        return source_issue(self.notification.change.data) is None

    def acknowledge(self) -> bool:
        """React to the text that created the task; return whether that shows the notification.

        Where Linear takes no reaction, a comment has to show it.
        """
        task = self.notification.change.data
        issue, comment_at = source_issue(task), _COMMENT.fullmatch(task.url or "")
        if issue is None or self._status or not is_new_task(self.notification):
            return False
        if comment_at is None and not is_of_issue_text(task):
            return False
        with suppress(SendRefused):
            self.api.react(issue, comment_at[1] if comment_at else None)
            return True
        return False

    def find(self) -> str | None:
        """Return the id of the issue, if it exists."""
        source = source_issue(self.notification.change.data)
        return self.api.find_issue(source or _issue_id(self.notification))

    def create(self) -> str:
        """Create the issue in the status of the change, or comment on the one that there is."""
        if not self.is_own:
            found = self.find()
            if found is None:
                raise SendRefused("Linear does not show the issue that the task came from")
            self.update(found)
            return found
        if self.settings.team is None:
            raise SendRefused(_NO_ISSUE)
        place = self.api.team_input(self.settings.team, self._status)
        return self.api.create_issue({**_input(self.notification), **place})

    def update(self, issue: str) -> None:
        """Comment on the issue, and move it to the status of the change."""
        body = comment(self.notification)
        if self.settings.comments == "update":
            comment_id = derived_id(self.notification.connection, self.notification.task_id, "note")
            self.api.put_comment(issue, comment_id, body)
        elif self.settings.comments == "each":
            comment_id = derived_id(self.notification.id)
            unknown = possible_send_window(self.notification)
            if not (unknown and self.api.has_comment(comment_id)):
                self.api.add_comment(issue, comment_id, body)
        if self._status:
            self.api.move(issue, self._status)

    @property
    def _status(self) -> str | None:
        word = change_word(self.notification.change)
        statuses = self.settings.statuses
        return next((name for change, name in statuses.items() if change == word), None)


def source_issue(task: TaskView) -> str | None:
    """Return the identifier of the issue that a task came from, such as `RAIL-12`, or None."""
    found = _ISSUE.match(task.url or "") if task.provider == "linear" else None
    return found[1] if found else None


def _issue_id(notification: Notification) -> str:
    return derived_id(notification.connection, notification.task_id)


def _input(notification: Notification) -> JsonObject:
    return issue_input(
        issue_id=_issue_id(notification),
        title=title(notification),
        description=description(notification),
        priority=_PRIORITIES[notification.change.data.priority],
    )


def _authorization(secret: str) -> str | None:
    """Return the header that authenticates with a secret, None if Linear knows no such one."""
    if _API_KEY.fullmatch(secret):
        return secret
    return f"Bearer {secret}" if _ACCESS_TOKEN.fullmatch(secret) else None


CONNECTOR: Final = Linear
