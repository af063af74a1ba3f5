"""Gitea and Forgejo: comments on issues and pull requests, and statuses of commits.

The secret is an access token.

https://docs.gitea.com/api/next/#tag/issue/operation/issueCreateComment
https://docs.gitea.com/api/next/#tag/issue/operation/issuePostCommentReaction
https://docs.gitea.com/api/next/#tag/repository/operation/repoCreateStatus
https://docs.gitea.com/development/oauth2-provider#scopes
"""

import re
from dataclasses import field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlencode

from pydantic import Field
from typing_extensions import override

from signalbox.egress.acknowledge import ACKNOWLEDGED
from signalbox.egress.forge import Forge, ForgeConnector, ForgeSettings
from signalbox.egress.forge_answers import comments_in, created_id, head_sha, marked_comment
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse, json_request
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.egress.task_place import CommitRef, IssueRef, TextRef
from signalbox.egress.task_report import report_line, report_url
from signalbox.ingress.api_settings import ApiUrl
from signalbox.models.base import JsonObject
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.task import TaskStatus

_TOKEN: Final = re.compile(r"[\w.~+/=-]{8,2000}", re.ASCII)
_NO_TOKEN: Final = "the secret is not an access token of Gitea or Forgejo"  # noqa: S105  no secret
_API_PATH: Final = "/api/v1"
_SUCCESS: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_MAX_ANSWER: Final = 5_000_000
_DESCRIPTION: Final = 255
_URL: Final = 2_000
_STATES: Final = {
    TaskStatus.SUCCEEDED: "success",
    TaskStatus.FAILED: "failure",
    TaskStatus.CANCELLED: "error",
}
"""The states of commit statuses; a task that is not finished is `pending`."""


class Settings(ForgeSettings):
    """How tasks are shown at a Gitea or Forgejo."""

    api_url: ApiUrl
    web_url: ApiUrl | None = None
    actions: Annotated[
        tuple[Literal["comment", "status"], ...], Field(min_length=1, strict=False)
    ] = ("comment",)


class Gitea(ForgeConnector[Settings]):
    """A connector that shows a task where it came from."""

    name = "gitea"
    settings_model = Settings
    circular: ClassVar = {"status": ("status",)}

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        if not _TOKEN.fullmatch(secret):
            raise Conflict(_NO_TOKEN)

    @override
    def forge(self, settings: Settings, secret: str) -> Forge:
        if not _TOKEN.fullmatch(secret):
            raise SecretRefused(_NO_TOKEN)
        return _Api(base=settings.api_url, token=secret, http=self.http)

    @override
    def web_url(self, api_url: str) -> str | None:
        return api_url.removesuffix(_API_PATH) if api_url.endswith(_API_PATH) else None

    @override
    def judge(self, answer: HttpResponse) -> None:
        judge(answer)


def judge(answer: HttpResponse) -> None:
    """Check the response.

    Raises:
        SendRefused: The forge will never do it.
        SecretRefused: It may do it with another token.
        SendDelayed: It may do it later.
    """
    status = answer.status
    if status in _SUCCESS:
        return
    reason = f"the forge answered {status}"
    match status:
        case HTTPStatus.FORBIDDEN if b"required scope" in answer.body:
            raise SecretRefused(f"{reason}: the token lacks a scope")
        case HTTPStatus.FORBIDDEN:
            raise SecretRefused(f"{reason}: the account of the token may not do it")
        case HTTPStatus.NOT_FOUND:
            raise SecretRefused(f"{reason}: it does not exist, or the token gives no access")
        case HTTPStatus.LOCKED:
            raise SendRefused(f"{reason}: the repository is archived")
    raise send_error(status, reason, answer.retry_after)


@frozen
class _Api(Forge):
    base: str
    token: str = field(repr=False)
    http: HttpClient

    @override
    def check_credentials(self) -> None:
        answer = self.http(self._request("GET", "user"))
        if answer.status != HTTPStatus.FORBIDDEN:  # the token is known, but not for `read:user`
            judge(answer)

    @override
    def comment_request(self, issue: IssueRef, text: str) -> HttpRequest:
        return self._request("POST", f"{_path(issue)}/comments", {"body": text})

    @override
    def find_comment(self, issue: IssueRef, marker: str, since: datetime) -> str | None:
        earliest = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = f"{_path(issue)}/comments?{urlencode({'since': earliest})}"
        return marked_comment(comments_in(self._judged(self._request("GET", path))), marker)

    @override
    def create_comment(self, issue: IssueRef, text: str) -> str:
        return created_id(self._judged(self.comment_request(issue, text)), "the forge")

    @override
    def update_comment(self, issue: IssueRef, comment: str, text: str) -> None:
        path = f"repos/{issue.repository}/issues/comments/{comment}"
        answer = self.http(self._request("PATCH", path, {"body": text}))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise TargetGone("the forge answered 404: the comment was deleted")
        judge(answer)

    @override
    def react(self, text: TextRef) -> None:
        path = _path(text.issue)
        if text.comment is not None:
            path = f"repos/{text.issue.repository}/issues/comments/{text.comment}"
        self._judged(self._request("POST", f"{path}/reactions", {"content": ACKNOWLEDGED}))

    @override
    def head_of(self, pull: IssueRef) -> str:
        path = f"repos/{pull.repository}/pulls/{pull.number}"
        return head_sha(self._judged(self._request("GET", path)))

    @override
    def set_status(self, commit: CommitRef, notification: Notification, context: str) -> None:
        task = notification.change.data
        status: JsonObject = {
            "state": _STATES.get(task.status, "pending"),
            "context": context,
            "description": report_line(notification, _DESCRIPTION),
            "target_url": report_url(task, _URL),
        }
        path = f"repos/{commit.repository}/statuses/{commit.sha}"
        self._judged(self._request("POST", path, status))

    def _judged(self, request: HttpRequest) -> HttpResponse:
        answer = self.http(request)
        judge(answer)
        return answer

    def _request(self, method: str, path: str, value: JsonObject | None = None) -> HttpRequest:
        url = f"{self.base}/{path}"
        headers = {"Accept": "application/json", "Authorization": f"token {self.token}"}
        if value is None:
            return HttpRequest(method=method, url=url, headers=headers, max_answer=_MAX_ANSWER)
        return replace(json_request(url, value, headers), method=method)


def _path(issue: IssueRef) -> str:
    return f"repos/{issue.repository}/issues/{issue.number}"


CONNECTOR: Final = Gitea
