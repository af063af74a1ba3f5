"""GitLab: comments on issues and merge requests, and statuses of commits.

The secret is an access token of a person, project or group, or one of OAuth 2.0.

https://docs.gitlab.com/api/notes/
https://docs.gitlab.com/api/emoji_reactions/
https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
https://docs.gitlab.com/api/rest/authentication/
https://docs.gitlab.com/security/rate_limits/
"""

import re
from collections.abc import Iterator
from dataclasses import field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import quote, urlencode

from pydantic import Field
from typing_extensions import override

from signalbox.egress.acknowledge import ACKNOWLEDGED
from signalbox.egress.forge import Forge, ForgeConnector, ForgeSettings
from signalbox.egress.forge_answers import (
    ForgeComment,
    comments_in,
    created_id,
    head_sha,
    marked_comment,
)
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse, json_request
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import SecretRefused, send_error, wait_until_epoch
from signalbox.egress.task_place import CommitRef, IssueRef, TextRef
from signalbox.egress.task_report import report_line, report_url
from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import JsonObject
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.task import TaskStatus
from signalbox.services.ports.time import Clock

_TOKEN: Final = re.compile(r"[\w.~+/=-]{8,2000}", re.ASCII)
_NO_TOKEN: Final = "the secret is not an access token of GitLab"  # noqa: S105  no secret
_POWERLESS: Final = re.compile(r"gl(?:dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-")
_NOT_THIS_ONE: Final = (
    "a deploy, runner, job, trigger or feed token cannot comment; an access token can"
)
_API_PATH: Final = "/api/v4"
_ISSUE: Final = re.compile(r"(?:/-)?/(issues|work_items|merge_requests)/([0-9]{1,10})(?=[/?#]|\Z)")
_NOTE: Final = re.compile(r"note_([0-9]{1,20})")
_NAME: Final = r"(?!\.{1,2}(?:[/#!]))[\w.-]{1,100}"
_ISSUE_NAME: Final = re.compile(rf"({_NAME}(?:/{_NAME}){{1,20}})([#!])([0-9]{{1,10}})", re.ASCII)
_SUCCESS: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_REACTED: Final = b"has already been taken"
_UNCHANGED: Final = b"Cannot transition status via"
_PAGE: Final = 50
_PAGES: Final = 10
_MAX_ANSWER: Final = 5_000_000
_TEXT: Final = 255
_STATES: Final = {
    TaskStatus.RUNNING: "running",
    TaskStatus.SUCCEEDED: "success",
    TaskStatus.FAILED: "failed",
    TaskStatus.CANCELLED: "canceled",
}
"""The states of commit statuses; a task that has not started is `pending`."""


class Settings(ForgeSettings):
    """How tasks are shown at GitLab. Only members of a project see `internal` comments."""

    api_url: ApiUrl = "https://gitlab.com/api/v4"
    web_url: ApiUrl | None = None
    actions: Annotated[
        tuple[Literal["comment", "status"], ...], Field(min_length=1, strict=False)
    ] = ("comment",)
    internal: bool = False


class GitLab(ForgeConnector[Settings]):
    """A connector that shows a task where it came from."""

    name = "gitlab"
    settings_model = Settings
    circular: ClassVar = {"status": ("pipeline", "build")}

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        try:
            _checked(secret)
        except SecretRefused as refusal:
            raise Conflict(refusal.reason) from None

    @override
    def forge(self, settings: Settings, secret: str) -> Forge:
        return _Api(
            base=settings.api_url,
            token=_checked(secret),
            internal=settings.internal,
            http=self.http,
            clock=self.references.clock,
        )

    @override
    def web_url(self, api_url: str) -> str | None:
        return api_url.removesuffix(_API_PATH) if api_url.endswith(_API_PATH) else None

    @override
    def issue_at(self, repository: str, path: str) -> IssueRef | None:
        found = _ISSUE.match(path)
        if found is None:
            return None
        is_pull = found[1] == "merge_requests"
        return IssueRef(repository=repository, number=int(found[2]), is_pull=is_pull)

    @override
    def comment_at(self, issue: IssueRef, fragment: str) -> TextRef | None:
        found = _NOTE.fullmatch(fragment)
        return TextRef(issue=issue, comment=found[1]) if found else None

    @override
    def issue_named(self, name: str) -> IssueRef | None:
        found = _ISSUE_NAME.fullmatch(name)
        if found is None:
            return None
        return IssueRef(repository=found[1], number=int(found[3]), is_pull=found[2] == "!")

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer, self.references.clock())


def judge(answer: HttpResponse, now: datetime) -> None:
    """Check the response.

    Raises:
        SendRefused: GitLab will never do it.
        SecretRefused: It may do it with another token.
        SendDelayed: It may do it later.
    """
    status = answer.status
    if status in _SUCCESS:
        return
    reason = f"GitLab answered {status}"
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            reset = wait_until_epoch(answer.headers.get("ratelimit-reset", ""), now)
            raise send_error(status, reason, answer.retry_after or reset)
        case HTTPStatus.FORBIDDEN if b'"insufficient_scope"' in answer.body:
            raise SecretRefused(f"{reason}: the token lacks the scope api")
        case HTTPStatus.FORBIDDEN:
            raise SecretRefused(f"{reason}: the role of the token does not allow it")
        case HTTPStatus.NOT_FOUND:
            raise SecretRefused(f"{reason}: it does not exist, or the token gives no access")
    raise send_error(status, reason, answer.retry_after)


@frozen
class _Api(Forge):
    base: str
    token: str = field(repr=False)
    internal: bool
    http: HttpClient
    clock: Clock

    @override
    def check_credentials(self) -> None:
        self._judged(self._get("user"))

    @override
    def comment_request(self, issue: IssueRef, text: str) -> HttpRequest:
        internal: JsonObject = {"internal": True} if self.internal else {}
        return self._json(_notes_path(issue), {"body": text, **internal})

    @override
    def find_comment(self, issue: IssueRef, marker: str, since: datetime) -> str | None:
        for comments in self._pages(issue):
            if found := marked_comment(comments, marker):
                return found
            oldest = comments[-1].created_at
            if oldest and oldest < since:
                break
        return None

    @override
    def create_comment(self, issue: IssueRef, text: str) -> str:
        return created_id(self._judged(self.comment_request(issue, text)), "GitLab")

    @override
    def update_comment(self, issue: IssueRef, comment: str, text: str) -> None:
        request = self._json(f"{_notes_path(issue)}/{comment}", {"body": text})
        answer = self.http(replace(request, method="PUT"))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise TargetGone("GitLab answered 404: the comment was deleted")
        judge(answer, self.clock())

    @override
    def react(self, text: TextRef) -> None:
        path = _issue_path(text.issue)
        if text.comment is not None:
            path = f"{path}/notes/{text.comment}"
        answer = self.http(self._json(f"{path}/award_emoji", {"name": ACKNOWLEDGED}))
        if answer.status != HTTPStatus.NOT_FOUND or _REACTED not in answer.body:
            judge(answer, self.clock())

    @override
    def head_of(self, pull: IssueRef) -> str:
        path = f"{_project(pull.repository)}/merge_requests/{pull.number}"
        return head_sha(self._judged(self._get(path)))

    @override
    def set_status(self, commit: CommitRef, notification: Notification, context: str) -> None:
        task = notification.change.data
        status: JsonObject = {
            "state": _STATES.get(task.status, "pending"),
            "name": context,
            "description": report_line(notification, _TEXT),
        }
        if url := report_url(task, _TEXT):
            status["target_url"] = url
        request = self._json(f"{_project(commit.repository)}/statuses/{commit.sha}", status)
        answer = self.http(request)
        if answer.status != HTTPStatus.BAD_REQUEST or _UNCHANGED not in answer.body:
            judge(answer, self.clock())  # else it has this state, or does not go back to it

    def _pages(self, issue: IssueRef) -> Iterator[tuple[ForgeComment, ...]]:
        """Yield pages of comments, the newest first."""
        for page in range(1, _PAGES + 1):
            query = {"sort": "desc", "order_by": "created_at", "per_page": _PAGE, "page": page}
            answer = self._judged(self._get(f"{_notes_path(issue)}?{urlencode(query)}"))
            comments = comments_in(answer)
            if comments:
                yield comments
            if len(comments) < _PAGE:
                return

    def _judged(self, request: HttpRequest) -> HttpResponse:
        answer = self.http(request)
        judge(answer, self.clock())
        return answer

    def _get(self, path: str) -> HttpRequest:
        url = f"{self.base}/{path}"
        return HttpRequest(method="GET", url=url, headers=self._headers, max_answer=_MAX_ANSWER)

    def _json(self, path: str, value: JsonObject) -> HttpRequest:
        return json_request(f"{self.base}/{path}", value, self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Accept": "application/json", "Authorization": f"Bearer {self.token}"}


def _checked(secret: str) -> str:
    """Return the token.

    Raises:
        SecretRefused: It is none that can be used.
    """
    if _POWERLESS.match(secret):
        raise SecretRefused(_NOT_THIS_ONE)
    if not _TOKEN.fullmatch(secret):
        raise SecretRefused(_NO_TOKEN)
    return secret


def _project(repository: str) -> str:
    return f"projects/{quote(repository, safe='')}"


def _issue_path(issue: IssueRef) -> str:
    kind = "merge_requests" if issue.is_pull else "issues"
    return f"{_project(issue.repository)}/{kind}/{issue.number}"


def _notes_path(issue: IssueRef) -> str:
    return f"{_issue_path(issue)}/notes"


CONNECTOR: Final = GitLab
