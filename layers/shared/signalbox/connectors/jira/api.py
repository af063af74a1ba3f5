"""Calls of Jira's REST API, version 3, and what its answers mean.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import json
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field, JsonValue, ValidationError

from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse, json_request
from signalbox.egress.references import TargetGone
from signalbox.egress.responses import send_error
from signalbox.models.backoff import LONGEST, SHORTEST
from signalbox.models.base import JsonObject, PartialModel
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

_SUCCESS: Final = range(200, 300)
_COMMENTS: Final = 50
_MAX_ANSWER: Final = 4_000_000
_NAMED: Final = 5

_Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
_Key = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*-[0-9]+$", max_length=120)]
_FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,40}$")]


class _Created(PartialModel):
    id: _Id


class _CreatedIssue(PartialModel):
    key: _Key


class _Issues(PartialModel):
    issues: tuple[_CreatedIssue, ...]


class _Comment(PartialModel):
    id: _Id
    body: JsonValue = None


class _Comments(PartialModel):
    comments: tuple[_Comment, ...]


class _Named(PartialModel):
    name: str


class _Status(PartialModel):
    class Fields(PartialModel):
        status: _Named

    fields: Fields


class _Transition(PartialModel):
    id: _Id
    name: str
    to: _Named


class _Transitions(PartialModel):
    transitions: tuple[_Transition, ...]


class _Errors(PartialModel):
    errors: dict[_FieldName, JsonValue] = Field(default_factory=dict)


M = TypeVar("M", bound=BaseModel)


@frozen
class JiraApi:
    """The API of a site. `base` is its URL up to the version.

    Every method raises what `judge` raises.
    """

    base: str
    authorization: str = field(repr=False)
    http: HttpClient
    clock: Clock

    def signed(self, request: HttpRequest) -> HttpRequest:
        """Return a request with its whole URL and the credentials."""
        headers = {
            **request.headers,
            "Accept": "application/json",
            "Authorization": self.authorization,
        }
        return replace(request, url=f"{self.base}{request.url}", headers=headers)

    def create_issue(self, fields: JsonObject) -> str:
        """Create an issue and return its key."""
        return self._call(issue_request(fields), _CreatedIssue).key

    def find_issue(self, project: str, label: str) -> str | None:
        """Return the key of the first issue of a project with this label, None if there is none.

        The search may not find what was created in the last seconds.
        """
        jql = f'project = "{project}" AND labels = "{label}" ORDER BY created ASC'
        query = urlencode({"jql": jql, "fields": "summary", "maxResults": 1})
        issues = self._call(_get(f"/search/jql?{query}"), _Issues).issues
        return issues[0].key if issues else None

    def add_comment(self, issue: str, body: JsonObject) -> str:
        """Comment on an issue and return the id of the comment."""
        return self._call(comment_request(issue, body), _Created).id

    def edit_comment(self, issue: str, comment: str, body: JsonObject) -> None:
        """Replace the body of a comment."""
        request = comment_request(issue, body)
        url = f"{request.url}/{comment}"
        self._send(replace(request, method="PUT", url=url))

    def find_comment(self, issue: str, text: str) -> str | None:
        """Return the id of the first of the latest comments with this text, None without one."""
        query = urlencode({"orderBy": "-created", "maxResults": _COMMENTS})
        request = _get(f"/issue/{issue}/comment?{query}")
        comments = self._call(request, _Comments).comments
        found = [each.id for each in comments if text in json.dumps(each.body)]
        return found[-1] if found else None

    def move(self, issue: str, status: str) -> None:
        """Move an issue to a status, unless it has it.

        Raises:
            SendRefused: The workflow has no way there from the current status.
        """
        name = status.casefold()
        current = self._call(_get(f"/issue/{issue}?fields=status"), _Status).fields.status.name
        if current.casefold() == name:
            return
        path = f"/issue/{issue}/transitions"
        transitions = self._call(_get(path), _Transitions).transitions
        ways = [each for each in transitions if each.to.name.casefold() == name]
        ways += [each for each in transitions if each.name.casefold() == name]
        if not ways:
            raise SendRefused(f'there is no transition of {issue} to the status "{status}" now')
        self._send(json_request(path, {"transition": {"id": ways[0].id}}))

    def check_credentials(self) -> None:
        """Return if Jira accepts the credentials."""
        self._send(_get("/myself"))

    def _call(self, request: HttpRequest, model: type[M]) -> M:
        answer = self._send(request)
        try:
            return model.model_validate_json(answer.body)
        except ValidationError:
            pass
        reason = f"Jira answered {answer.status} with something else than expected"
        raise send_error(HTTPStatus.BAD_GATEWAY, reason, None)

    def _send(self, request: HttpRequest) -> HttpResponse:
        answer = self.http(self.signed(request))
        judge(answer, self.clock())
        return answer


def issue_request(fields: JsonObject) -> HttpRequest:
    """Return the request that creates an issue, with a path for its URL."""
    return json_request("/issue", {"fields": fields})


def comment_request(issue: str, body: JsonObject) -> HttpRequest:
    """Return the request that comments on an issue, with a path for its URL."""
    return json_request(f"/issue/{issue}/comment", {"body": body})


def judge(answer: HttpResponse, now: datetime) -> None:
    """Return if Jira did what it was asked to.

    Raises:
        TargetGone: There is no such issue or comment, or the account may not see it.
        SecretRefused: The credentials are not valid, or lack a permission.
        SendRefused: Jira will never do it.
        SendDelayed: Jira may do it later.
    """
    if answer.status in _SUCCESS:
        return
    reason = f"Jira answered {answer.status}"
    if names := _field_names(answer.body):
        reason += f" because of the fields {', '.join(names)}"
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise TargetGone(reason)
    raise send_error(answer.status, reason, answer.retry_after or _reset(answer.headers, now))


def _reset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the wait until the time in `X-RateLimit-Reset`, as in 2026-03-01T12:00Z."""
    try:
        at = datetime.fromisoformat(headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(aware - now, SHORTEST), LONGEST)


def _field_names(body: bytes) -> list[str]:
    """Return the names of the fields that an error is about."""
    try:
        return list(_Errors.model_validate_json(body).errors)[:_NAMED]
    except ValidationError:
        return []


def _get(path: str) -> HttpRequest:
    return HttpRequest(method="GET", url=path, max_answer=_MAX_ANSWER)
