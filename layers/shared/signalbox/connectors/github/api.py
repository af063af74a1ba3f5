"""Calls of GitHub's REST API.

https://docs.github.com/en/rest/issues/comments
https://docs.github.com/en/rest/reactions/reactions
https://docs.github.com/en/rest/issues/labels
https://docs.github.com/en/rest/commits/statuses
https://docs.github.com/en/rest/checks/runs
https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import override

from signalbox.connectors.github.responses import judge, judge_update
from signalbox.egress.acknowledge import ACKNOWLEDGED
from signalbox.egress.forge import Forge
from signalbox.egress.forge_answers import comments_in, created_id, head_sha, marked_comment
from signalbox.egress.http_client import HttpRequest, HttpResponse, json_request
from signalbox.egress.task_place import CommitRef, IssueRef, TextRef
from signalbox.egress.task_report import report_line, report_url
from signalbox.models.base import DEFERRED, JsonObject, PartialModel
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.task import TaskStatus
from signalbox.services.ports.time import Clock

_PAGE: Final = 50
_PAGES: Final = 10
_MAX_ANSWER: Final = 5_000_000
"""More than a page of comments with 65,536 characters each."""

_DESCRIPTION: Final = 140
_URL: Final = 2_000
_STATES: Final = {
    TaskStatus.SUCCEEDED: "success",
    TaskStatus.FAILED: "failure",
    TaskStatus.CANCELLED: "error",
}
"""The states of commit statuses; a task that is not finished is `pending`."""


class _CheckRun(PartialModel):
    id: int = Field(gt=0)
    external_id: str | None = None


class _CheckRuns(PartialModel):
    check_runs: tuple[_CheckRun, ...] = ()


class _Label(PartialModel):
    name: str


_labels: Final = TypeAdapter(tuple[_Label, ...], config=DEFERRED)


@frozen
class GitHubApi(Forge):
    """The API with one secret: `call` sends with it, `signed` is what it would send."""

    base: str
    call: Callable[[HttpRequest], HttpResponse]
    signed: Callable[[HttpRequest], HttpRequest]
    clock: Clock

    @override
    def check_credentials(self) -> None:
        answer = self._get("rate_limit")
        if answer.status != HTTPStatus.NOT_FOUND:  # an Enterprise Server without rate limits
            judge(answer, self.clock())

    @override
    def comment_request(self, issue: IssueRef, text: str) -> HttpRequest:
        return self.signed(self._request(f"{_path(issue)}/comments", {"body": text}))

    @override
    def find_comment(self, issue: IssueRef, marker: str, since: datetime) -> str | None:
        earliest = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in range(1, _PAGES + 1):
            query = {"since": earliest, "per_page": f"{_PAGE}", "page": f"{page}"}
            answer = self._get(f"{_path(issue)}/comments?{urlencode(query)}")
            judge(answer, self.clock())
            comments = comments_in(answer)
            found = marked_comment(comments, marker)
            if found or len(comments) < _PAGE:
                return found
        return None

    @override
    def create_comment(self, issue: IssueRef, text: str) -> str:
        return created_id(self._post(f"{_path(issue)}/comments", {"body": text}), "GitHub")

    @override
    def update_comment(self, issue: IssueRef, comment: str, text: str) -> None:
        self._patch(f"repos/{issue.repository}/issues/comments/{comment}", {"body": text})

    @override
    def react(self, text: TextRef) -> None:
        self._post(f"{_text_path(text)}/reactions", {"content": ACKNOWLEDGED})

    @override
    def head_of(self, pull: IssueRef) -> str:
        answer = self._get(f"repos/{pull.repository}/pulls/{pull.number}")
        judge(answer, self.clock())
        return head_sha(answer)

    @override
    def set_status(self, commit: CommitRef, notification: Notification, context: str) -> None:
        task = notification.change.data
        status: JsonObject = {
            "state": _STATES.get(task.status, "pending"),
            "context": context,
            "description": report_line(notification, _DESCRIPTION),
        }
        if url := report_url(task, _URL):
            status["target_url"] = url
        self._post(f"repos/{commit.repository}/statuses/{commit.sha}", status)

    def find_check(self, commit: CommitRef, name: str, external_id: str) -> str | None:
        """Return the id of the check run with an external id, None if there is none."""
        query = urlencode({"check_name": name, "filter": "all", "per_page": "100"})
        answer = self._get(f"repos/{commit.repository}/commits/{commit.sha}/check-runs?{query}")
        judge(answer, self.clock())
        try:
            runs = _CheckRuns.model_validate_json(answer.body).check_runs
        except ValidationError:
            return None
        return next((f"{run.id}" for run in runs if run.external_id == external_id), None)

    def create_check(self, commit: CommitRef, run: JsonObject) -> str:
        """Create a check run and return its id."""
        path = f"repos/{commit.repository}/check-runs"
        return created_id(self._post(path, {**run, "head_sha": commit.sha}), "GitHub")

    def update_check(self, repository: str, check: str, run: JsonObject) -> None:
        """Replace a check run.

        Raises:
            TargetGone: It was deleted.
        """
        self._patch(f"repos/{repository}/check-runs/{check}", run)

    def set_label(self, issue: IssueRef, label: str | None, others: Collection[str]) -> None:
        """Add a label to an issue, if there is one to add, and remove these others."""
        path = f"{_path(issue)}/labels"
        if label is None:
            answer = self._get(f"{path}?per_page=100")
            judge(answer, self.clock())
        else:
            answer = self._post(path, {"labels": [label]})
        present = {each.casefold() for each in _label_names(answer.body)}
        for other in others:
            if other.casefold() in present:
                self._remove(f"{path}/{quote(other, safe='')}")

    def dispatch(self, repository: str, event: JsonObject) -> None:
        """Create a `repository_dispatch` event."""
        self._post(f"repos/{repository}/dispatches", event)

    def _get(self, path: str) -> HttpResponse:
        url = f"{self.base}/{path}"
        return self.call(HttpRequest(method="GET", url=url, max_answer=_MAX_ANSWER))

    def _post(self, path: str, value: JsonObject) -> HttpResponse:
        answer = self.call(self._request(path, value))
        judge(answer, self.clock())
        return answer

    def _patch(self, path: str, value: JsonObject) -> None:
        request = replace(self._request(path, value), method="PATCH")
        judge_update(self.call(request), self.clock())

    def _remove(self, path: str) -> None:
        answer = self.call(HttpRequest(method="DELETE", url=f"{self.base}/{path}"))
        if answer.status != HTTPStatus.NOT_FOUND:  # somebody else was faster
            judge(answer, self.clock())

    def _request(self, path: str, value: JsonObject) -> HttpRequest:
        return json_request(f"{self.base}/{path}", value)


def check_run(notification: Notification, name: str, summary: str) -> JsonObject:
    """Return the check run of a task, whose text is Markdown."""
    task = notification.change.data
    run: JsonObject = {
        "name": name,
        "external_id": task.id,
        "output": {"title": report_line(notification, 255), "summary": summary},
        **_CHECKS.get(task.status, {"status": "queued"}),
    }
    if url := report_url(task, _URL):
        run["details_url"] = url
    return run


_CHECKS: Final[Mapping[TaskStatus, JsonObject]] = {
    TaskStatus.RUNNING: {"status": "in_progress"},
    TaskStatus.SUCCEEDED: {"status": "completed", "conclusion": "success"},
    TaskStatus.FAILED: {"status": "completed", "conclusion": "failure"},
    TaskStatus.CANCELLED: {"status": "completed", "conclusion": "cancelled"},
}


def _path(issue: IssueRef) -> str:
    return f"repos/{issue.repository}/issues/{issue.number}"


def _text_path(text: TextRef) -> str:
    if text.comment is None:
        return _path(text.issue)
    kind = "pulls" if text.is_review else "issues"
    return f"repos/{text.issue.repository}/{kind}/comments/{text.comment}"


def _label_names(body: bytes) -> tuple[str, ...]:
    try:
        return tuple(label.name for label in _labels.validate_json(body))
    except ValidationError:
        return ()
