"""What the connectors of forges share: a comment on a task's issue, a status of its commit.

A connection that answers acknowledges a new task by a reaction to the text that created it, and
comments when there is more to show.
"""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar, Final, Protocol, TypeVar

from pydantic import Field
from typing_extensions import override

from signalbox.egress.acknowledge import Acknowledgement, is_new_task
from signalbox.egress.actions import perform_actions
from signalbox.egress.connector import HttpConnector
from signalbox.egress.http_client import HttpRequest
from signalbox.egress.references import References
from signalbox.egress.task_place import (
    ActionUnfit,
    CommitRef,
    IssueRef,
    TaskPlace,
    TextRef,
    comment_at,
    issue_at,
    issue_named,
    task_place,
)
from signalbox.egress.task_report import comment_marker, report_comment
from signalbox.models.base import JsonObject, Model
from signalbox.models.change import TaskView
from signalbox.models.connection import Connection
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid

COMMENT: Final = "comment"
STATUS: Final = "status"

_CLOCKS: Final = timedelta(minutes=2)
"""How far the clock of a forge may be from ours."""

_NO_PLACE: Final = "an incident is shown on an issue: set `issue`, and the action comment"

StatusContext = Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,98}[!-~])?$")]
"""The name of a commit status."""


class ForgeSettings(Model):
    """What connections to all forges have.

    `web_url` is where people see the forge, if that does not follow from `api_url`. Tasks are shown
    on `issue`, if there is one, else on the issue that they came from. `acknowledge` is how a new
    task is shown there: by the comment, or by a reaction to the text that created it. `context` is
    the name of the commit status.
    """

    api_url: str
    web_url: str | None = None
    issue: str | None = Field(default=None, max_length=300)
    actions: tuple[str, ...]
    acknowledge: Acknowledgement = "comment"
    context: StatusContext = "signalbox"


class Forge(Protocol):
    """The API of a forge. Everything raises SendRefused, SecretRefused or SendDelayed."""

    def check_credentials(self) -> None:
        """Return if the forge accepts the secret."""

    def comment_request(self, issue: IssueRef, text: str) -> HttpRequest:
        """Return the request that comments on an issue."""

    def find_comment(self, issue: IssueRef, marker: str, since: datetime) -> str | None:
        """Return the id of the comment with a marker, which is not older than a time."""

    def create_comment(self, issue: IssueRef, text: str) -> str:
        """Comment on an issue and return the id of the comment."""

    def update_comment(self, issue: IssueRef, comment: str, text: str) -> None:
        """Replace a comment; raises TargetGone if there is none."""

    def react(self, text: TextRef) -> None:
        """Add the reaction ACKNOWLEDGED to a text, unless it has ours."""

    def head_of(self, pull: IssueRef) -> str:
        """Return the commit at the head of a pull request."""

    def set_status(self, commit: CommitRef, notification: Notification, context: str) -> None:
        """Set a status of a commit, over an earlier one of the same context."""


@frozen
class TaskReporter:
    """Shows one notification at a forge. `place` is where its task came from."""

    notification: Notification
    forge: Forge
    references: References
    place: TaskPlace

    @property
    def task(self) -> TaskView:
        """Return the task."""
        return self.notification.change.data

    def comment(self) -> None:
        """Comment on the issue of the task, or update the comment."""
        issue, text = self.place.require_issue(), report_comment(self.notification)
        since = self.task.created_at - _CLOCKS
        marker = comment_marker(self.task.id)
        self.references.of_kind(COMMENT).show(
            self.notification,
            find=partial(self.forge.find_comment, issue, marker, since),
            create=partial(self.forge.create_comment, issue, text),
            update=lambda comment: self.forge.update_comment(issue, comment, text),
        )

    def acknowledge(self) -> bool:
        """React to the text that created the task; return whether that shows the notification.

        Only a new task that waits for nobody is shown by a reaction. Where the forge takes none,
        since the text is gone or the secret lacks a permission, a comment has to show it.
        """
        text = self.place.text
        if text is None or not is_new_task(self.notification):
            return False
        with suppress(SendRefused):
            self.forge.react(text)
            return True
        return False

    def status(self, context: str) -> None:
        """Set the status of the commit of the task, always of the same commit."""
        repository = self.place.require_repository()

        def set_at(sha: str) -> str:
            commit = CommitRef(repository=repository, sha=sha)
            self.forge.set_status(commit, self.notification, context)
            return sha

        self.references.of_kind(STATUS).show(
            self.notification,
            find=lambda: None,  # setting it twice does no harm
            create=lambda: set_at(self.commit()),
            update=set_at,
        )

    def commit(self) -> str:
        """Return the commit of the task, or the head of its pull request.

        Raises:
            ActionUnfit: It has neither.
        """
        issue = self.place.issue
        if self.place.commit:
            return self.place.commit
        if issue is None or not issue.is_pull:
            raise ActionUnfit("the task has no commit")
        return self.forge.head_of(issue)


F = TypeVar("F", bound=ForgeSettings)


class ForgeConnector(HttpConnector[F]):
    """A connector of a forge; what remains is its API, and how it names issues if differently.

    Attributes:
        circular: The events that an action itself causes, by its name. Tasks of these events are
            not shown by it, else one failure would be the reason for the next.
    """

    circular: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @abstractmethod
    def forge(self, settings: F, secret: str) -> Forge:
        """Return the API.

        Raises:
            SecretRefused: The secret has no form that the forge accepts.
        """

    @abstractmethod
    def web_url(self, api_url: str) -> str | None:
        """Return where people see the forge with this API, None if that does not follow."""

    def issue_at(self, repository: str, path: str) -> IssueRef | None:
        """Return the issue or pull request at a path below its repository."""
        return issue_at(repository, path)

    def comment_at(self, issue: IssueRef, fragment: str) -> TextRef | None:
        """Return the comment on an issue that the fragment of its URL leads to."""
        return comment_at(issue, fragment)

    def issue_named(self, name: str) -> IssueRef | None:
        """Return the issue or pull request that the setting `issue` names."""
        return issue_named(name)

    @override
    def reply_settings(self, source: JsonObject) -> JsonObject:
        url = source.get("api_url")
        return {
            "actions": [COMMENT],
            "acknowledge": "reaction",
            **({"api_url": url} if url else {}),
        }

    @override
    def settings(self, connection: Connection) -> F:
        settings = super().settings(connection)
        self.require_https("api_url", settings.api_url)
        if self._web_url(settings) is None:
            raise SettingsInvalid("web_url is missing: it does not follow from this api_url")
        if settings.issue is not None and self.issue_named(settings.issue) is None:
            raise SettingsInvalid("issue names no issue: it has a repository and a number")
        return settings

    @override
    def render(self, notification: Notification, settings: F, secret: str) -> HttpRequest:
        issue = self.place(notification.change.data, settings).require_issue()
        return self.forge(settings, secret).comment_request(issue, report_comment(notification))

    @override
    def deliver(self, notification: Notification, settings: F, secret: str) -> None:
        forge = self.forge(settings, secret)
        report = TaskReporter(
            notification=notification,
            forge=forge,
            references=self.references,
            place=self.place(notification.change.data, settings),
        )
        actions = settings.actions
        change = notification.change
        if change.is_test or change.is_incident:
            actions = (COMMENT,) if settings.issue and COMMENT in actions else ()
            if not actions and change.is_incident:
                raise SendRefused(_NO_PLACE)
            if not actions:
                forge.check_credentials()
        perform_actions(partial(self._perform, each, report, settings) for each in actions)

    def perform(self, action: str, report: TaskReporter, settings: F) -> None:
        """Perform one action. Override it for others than a comment and a status."""
        if action != COMMENT:
            report.status(settings.context)
        elif settings.acknowledge != "reaction" or not report.acknowledge():
            report.comment()

    def place(self, task: TaskView, settings: F) -> TaskPlace:
        """Return where a task is shown."""
        place = task_place(task, self._web_url(settings) or "", self.issue_at, self.comment_at)
        if settings.issue is None:
            return place
        return replace(place, issue=self.issue_named(settings.issue), text=None)

    def _perform(self, action: str, report: TaskReporter, settings: F) -> None:
        event = report.task.event or ""
        if event.startswith(self.circular.get(action, ())):
            raise ActionUnfit(f"the action {action} itself causes the event {event} of the task")
        self.perform(action, report, settings)

    def _web_url(self, settings: F) -> str | None:
        return settings.web_url or self.web_url(settings.api_url)
