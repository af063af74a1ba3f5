"""Jira Cloud, as far as issues of one project are created, commented on and moved.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse

_SECRET: Final = "bot@example.com:double"  # noqa: S105  not a secret: the double is in memory
_PROJECT: Final = "DEMO"
_TYPES: Final = frozenset({"Task", "Bug"})
_STATUSES: Final = ("To Do", "In Progress", "Done")
_MAX_SUMMARY: Final = 255
_MAX_TEXT: Final = 32_767
_JQL: Final = re.compile(r'project = "([A-Z]+)" AND labels = "(\S+)" ORDER BY created ASC')


@dataclass(slots=True, kw_only=True)
class _Issue:
    key: str
    summary: str
    labels: list[JsonValue]
    description: JsonValue
    status: int = 0
    comments: dict[str, JsonValue] = field(default_factory=dict)


class JiraDouble:
    """A site with one project and one account."""

    def __init__(self) -> None:
        self._issues: dict[str, _Issue] = {}
        self._numbers = 0

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection to the project."""
        statuses: JsonValue = {"started": "In Progress", "succeeded": "Done"}
        return {"site": url, "project": _PROJECT, "statuses": statuses}

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return the account and its token."""
        return _SECRET

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Answer an operation of the REST API."""
        basic = base64.b64encode(_SECRET.encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return _error(401, "Client must be authenticated to access this resource.")
        path = request.path.removeprefix("/rest/api/3")
        match request.method, path.strip("/").split("/"):
            case "GET", ["myself"]:
                return DoubleResponse.of_json({"accountId": "1", "active": True})
            case "POST", ["issue"]:
                return self._create(request.json().get("fields"))
            case "GET", ["search", "jql"]:
                return self._search(request.query.get("jql", ""))
            case method, ["issue", key, *rest] if key in self._issues:
                return self._on_issue(self._issues[key], method, rest, request)
        return _error(404, "Issue does not exist or you do not have permission to see it.")

    def shown(self) -> Sequence[str]:
        """Return the texts of each issue: status, summary, description and comments."""
        return [
            "\n".join(
                (
                    f"{issue.key} [{_STATUSES[issue.status]}] {issue.summary}",
                    "".join(_texts(issue.description)),
                    *(f"comment: {''.join(_texts(each))}" for each in issue.comments.values()),
                )
            )
            for issue in self._issues.values()
        ]

    def add_issue(self, summary: str = "An issue of a person") -> str:
        """Create an issue as a person does, and return its key."""
        key = f"{_PROJECT}-{self._number()}"
        self._issues[key] = _Issue(key=key, summary=summary, labels=[], description=None)
        return key

    def delete(self, *, comments_only: bool = False) -> None:
        """Delete all issues, or the comments on them."""
        for issue in self._issues.values():
            issue.comments.clear()
        if not comments_only:
            self._issues.clear()

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _create(self, fields: JsonValue) -> DoubleResponse:
        given = fields if isinstance(fields, dict) else {}
        wrong = dict(_wrong_fields(given))
        if wrong:
            return DoubleResponse.of_json({"errorMessages": [], "errors": {**wrong}}, 400)
        key = self.add_issue(str(given["summary"]))
        labels = given.get("labels")
        self._issues[key].labels = labels if isinstance(labels, list) else []
        self._issues[key].description = given.get("description")
        return DoubleResponse.of_json({"id": key.rpartition("-")[2], "key": key}, 201)

    def _search(self, jql: str) -> DoubleResponse:
        query = _JQL.fullmatch(jql)
        if query is None:
            return _error(400, "Error in the JQL Query.")
        issues: list[JsonValue] = [
            {"id": key.rpartition("-")[2], "key": key}
            for key, issue in self._issues.items()
            if query[1] == _PROJECT and query[2] in issue.labels
        ]
        return DoubleResponse.of_json({"issues": issues[:1], "isLast": True})

    def _on_issue(
        self, issue: _Issue, method: str, rest: list[str], request: DoubleRequest
    ) -> DoubleResponse:
        match method, rest:
            case "GET", []:
                status: JsonValue = {"name": _STATUSES[issue.status]}
                return DoubleResponse.of_json({"key": issue.key, "fields": {"status": status}})
            case "GET", ["comment"]:
                bodies: list[JsonValue] = [
                    {"id": name, "body": body} for name, body in reversed(issue.comments.items())
                ]
                return DoubleResponse.of_json({"comments": bodies, "total": len(bodies)})
            case "POST", ["comment"]:
                return self._comment(issue, str(10_000 + self._number()), request, 201)
            case "PUT", ["comment", name] if name in issue.comments:
                return self._comment(issue, name, request, 200)
            case _, ["transitions"]:
                return _transitions(issue, method, request)
        return _error(404, "Can not find a comment for the id.")

    def _comment(
        self, issue: _Issue, name: str, request: DoubleRequest, status: int
    ) -> DoubleResponse:
        body = request.json().get("body")
        if not _is_document(body):
            return _error(400, "INVALID_INPUT")
        issue.comments[name] = body
        return DoubleResponse.of_json({"id": name}, status)


def _transitions(issue: _Issue, method: str, request: DoubleRequest) -> DoubleResponse:
    if method == "GET":
        ways: list[JsonValue] = [
            {"id": str(index), "name": f"To {name}", "to": {"name": name}}
            for index, name in enumerate(_STATUSES)
            if index != issue.status
        ]
        return DoubleResponse.of_json({"transitions": ways})
    transition = request.json().get("transition")
    index = transition.get("id") if isinstance(transition, dict) else None
    if index not in {str(number) for number in range(len(_STATUSES))}:
        return _error(400, "It seems that you have tried to perform an illegal workflow operation.")
    issue.status = int(str(index))
    return DoubleResponse(status=204)


def _wrong_fields(fields: dict[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """Yield the fields that Jira would not take, each with its message."""
    if fields.get("project") != {"key": _PROJECT}:
        yield "project", "valid project is required"
    if fields.get("issuetype") not in [{"name": name} for name in _TYPES]:
        yield "issuetype", "Specify a valid issue type"
    summary = fields.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        yield "summary", "You must specify a summary of the issue."
    elif "\n" in summary:
        yield "summary", "The summary is invalid because it contains newline characters."
    elif len(summary) > _MAX_SUMMARY:
        yield "summary", "Summary can't exceed 255 characters."
    labels = fields.get("labels", [])
    if not isinstance(labels, list) or any(" " in str(label) for label in labels):
        yield "labels", "The label contains spaces which is invalid."
    if "description" in fields and not _is_document(fields["description"]):
        yield "description", "Operation value must be an Atlassian Document"


def _is_document(value: JsonValue) -> bool:
    """Return whether the value is a document of version 1 whose texts are not empty."""
    if not isinstance(value, dict) or value.get("type") != "doc" or value.get("version") != 1:
        return False
    return all(_texts(value)) and len(json.dumps(value, ensure_ascii=False)) <= _MAX_TEXT


def _texts(node: JsonValue) -> Iterator[str]:
    match node:
        case {"type": "text", "text": str(text)}:
            yield text
        case {"type": "hardBreak"}:
            yield "\n"
        case {"type": "paragraph", "content": list(content)}:
            for each in content:
                yield from _texts(each)
            yield "\n"
        case {"content": list(content)}:
            for each in content:
                yield from _texts(each)


def _error(status: int, message: str) -> DoubleResponse:
    return DoubleResponse.of_json({"errorMessages": [message], "errors": {}}, status)


DOUBLE: Final = JiraDouble
