"""A client of the REST API, for the command line and its worker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from itertools import islice
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import requests
from pydantic import BaseModel, ValidationError

from cli.errors import CommandError, Unreachable
from cli.local.local_key import local_key_text
from cli.locate import find_stack, local_stack
from cli.output import strip_controls
from cli.target import Target
from signalbox.http.schemas.audit import AuditList
from signalbox.http.schemas.dead_letters import DeadLetterList
from signalbox.http.schemas.deliveries import DeliveryList
from signalbox.http.schemas.logs import AppendLogRequest, AppendLogResponse
from signalbox.http.schemas.notifications import NotificationList
from signalbox.http.schemas.problems import Problem
from signalbox.http.schemas.task_changes import (
    CancelTaskRequest,
    CancelTaskResponse,
    DependentList,
    TaskChangeList,
)
from signalbox.http.schemas.tasks import TASKS, TaskList
from signalbox.http.schemas.work import (
    ClaimRequest,
    ClaimResponse,
    CompleteRequest,
    EndLeaseResponse,
    FailRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    ReleaseRequest,
)
from signalbox.models.change import TaskSummary, TaskView
from signalbox.models.ids import TaskId
from signalbox.models.span import current_traceparent
from signalbox.models.trace_context import TRACEPARENT
from signalbox.services.tasks.create import CreateTaskRequest
from signalbox.services.tasks.update import UpdateTaskRequest

M = TypeVar("M", bound=BaseModel)
P = TypeVar("P", TaskList, DeadLetterList, DeliveryList, NotificationList, AuditList)

_PAGE_SIZE: Final = 100
_CONNECT_TIMEOUT: Final = 5.0
_MAX_RETRY_AFTER: Final = 60.0
_UNAVAILABLE_STATUSES: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class ApiError(CommandError):
    """The API refused the request. `status` is the HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class ApiUnavailable(Unreachable):
    """The API did not answer, or is unavailable. A retry after `after` seconds may help."""

    def __init__(self, words: str, after: float = 0.0) -> None:
        super().__init__(words)
        self.after = after


def session_for(url: str) -> requests.Session:
    """Return a session; for a loopback URL it uses no proxy of the environment."""
    session = requests.Session()
    session.trust_env = not is_loopback(url)
    return session


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """A client of the API. Every method raises ApiError, ApiUnavailable.

    `timeout` is in seconds.
    """

    base_url: str
    key: str = field(repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)
    timeout: float = 30.0

    def tasks(self, filters: Mapping[str, str], limit: int) -> Iterator[TaskSummary]:
        """Yield the newest matching tasks, at most `limit`."""
        pages = self.pages(TASKS, TaskList, filters, limit)
        return islice((task for page in pages for task in page.items), limit)

    def task(self, task: TaskId) -> TaskView:
        """Return a task."""
        return self.ask("GET", join_path(TASKS, task), TaskView)

    def create(self, new: CreateTaskRequest, key: str | None = None) -> TaskView:
        """Create a task, or return the one that was created with this idempotency key."""
        headers = {"Idempotency-Key": f'"{key}"'} if key else None
        return self.ask("POST", TASKS, TaskView, body=new, headers=headers)

    def edit(self, task: TaskId, patch: UpdateTaskRequest, version: int) -> TaskView:
        """Update a task if it has this version."""
        headers = {"If-Match": f'"v{version}"'}
        return self.ask("PATCH", join_path(TASKS, task), TaskView, body=patch, headers=headers)

    def cancel(self, task: TaskId, reason: str | None = None) -> TaskView:
        """Cancel a task, whatever its version."""
        query = {"reason": reason} if reason else None
        headers = {"If-Match": "*"}
        return self.ask("DELETE", join_path(TASKS, task), TaskView, query=query, headers=headers)

    def cancel_subtree(self, task: TaskId, reason: str | None = None) -> CancelTaskResponse:
        """Cancel a task and those that depend on it, as many as one request does."""
        body = CancelTaskRequest(reason=reason, subtree=True)
        return self.ask("POST", join_path(TASKS, task, "cancel"), CancelTaskResponse, body=body)

    def retry(self, task: TaskId) -> TaskView:
        """Retry a task."""
        return self.ask("POST", join_path(TASKS, task, "retry"), TaskView)

    def approve(self, task: TaskId) -> TaskView:
        """Let a task run that awaits approval."""
        return self.ask("POST", join_path(TASKS, task, "approve"), TaskView)

    def reject(self, task: TaskId, reason: str | None = None) -> TaskView:
        """Cancel a task that awaits approval."""
        query = {"reason": reason} if reason else None
        return self.ask("POST", join_path(TASKS, task, "reject"), TaskView, query=query)

    def changes(self, task: TaskId) -> TaskChangeList:
        """Return the changes of a task."""
        return self.ask("GET", join_path(TASKS, task, "changes"), TaskChangeList)

    def dependents(self, task: TaskId) -> DependentList:
        """Return the first tasks that wait for a task."""
        return self.ask("GET", join_path(TASKS, task, "dependents"), DependentList)

    def claim(self, claim: ClaimRequest) -> ClaimResponse:
        """Claim the next task."""
        timeout = self.timeout + claim.wait_seconds
        return self.ask("POST", "/api/v1/queue/claim", ClaimResponse, body=claim, timeout=timeout)

    def heartbeat(
        self, task: TaskId, request: HeartbeatRequest, timeout: float
    ) -> HeartbeatResponse:
        """Extend the lease and return whether to continue."""
        path = join_path(TASKS, task, "heartbeat")
        return self.ask("POST", path, HeartbeatResponse, body=request, timeout=timeout)

    def append(self, task: TaskId, lines: AppendLogRequest, timeout: float) -> AppendLogResponse:
        """Append lines to the log of a claimed task, and return how many more it accepts."""
        path = join_path(TASKS, task, "logs")
        return self.ask("POST", path, AppendLogResponse, body=lines, timeout=timeout)

    def complete(self, task: TaskId, completion: CompleteRequest) -> EndLeaseResponse:
        """Complete the task."""
        path = join_path(TASKS, task, "complete")
        return self.ask("POST", path, EndLeaseResponse, body=completion)

    def fail(self, task: TaskId, failure: FailRequest) -> EndLeaseResponse:
        """Fail the attempt."""
        return self.ask("POST", join_path(TASKS, task, "fail"), EndLeaseResponse, body=failure)

    def release(self, task: TaskId, request: ReleaseRequest) -> EndLeaseResponse:
        """Release the task."""
        return self.ask("POST", join_path(TASKS, task, "release"), EndLeaseResponse, body=request)

    def pages(
        self, path: str, answer: type[P], filters: Mapping[str, str], limit: int
    ) -> Iterator[P]:
        """Yield the pages of a list until they have `limit` items or there are no more."""
        query = {**filters, "limit": str(min(limit, _PAGE_SIZE))}
        while limit > 0:
            page = self.ask("GET", path, answer, query=query)
            yield page
            limit -= len(page.items)
            if page.next is None:
                return
            query["cursor"] = page.next

    def ask(
        self,
        method: str,
        path: str,
        answer: type[M],
        *,
        query: Mapping[str, str] | None = None,
        body: BaseModel | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> M:
        """Return the parsed body of a successful response. Only fields that were set are sent."""
        content = body.model_dump_json(exclude_unset=True).encode() if body else None
        response = self.reply(
            method, path, query=query, content=content, headers=headers, timeout=timeout
        )
        try:
            return answer.model_validate_json(response.content, extra="ignore")
        except ValidationError:
            problem = f"{response.url} is not an API that this version knows"
            raise CommandError(problem) from None

    def reply(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> requests.Response:
        """Return a successful response."""
        sent = {"X-API-Key": self.key, **(headers or {})}
        if method != "GET":
            sent["Content-Type"] = "application/json"
        if traceparent := current_traceparent():
            sent[TRACEPARENT] = traceparent
        try:
            response = self.session.request(
                method,
                self.base_url + path,
                params=query,
                data=content,
                headers=sent,
                timeout=(_CONNECT_TIMEOUT, timeout or self.timeout),
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as failure:
            problem = f"{self.base_url} did not answer ({type(failure).__name__})"
            raise ApiUnavailable(problem) from failure
        return _checked(response)


def connect_api(target: Target) -> ApiClient:
    """Return a client of the API of a stack, with a key.

    Raises:
        CommandError: There is no key, or no such stack.
        Unreachable: The stack does not answer.
    """
    if target.url:
        url, key = target.url, target.key
    elif target.local:
        url, key = local_stack(target).base_url, target.key or local_key_text(target.home)
    else:
        url, key = find_stack(target).base_url, target.key
    if not key:
        problem = "no API key: set SIGNALBOX_API_KEY; `signalbox keys create` makes one"
        raise CommandError(problem)
    return ApiClient(base_url=url.rstrip("/"), key=key, session=session_for(url))


def error_line(text: str) -> str:
    """Return an error response in one line."""
    try:
        problem = Problem.model_validate_json(text, extra="ignore")
    except ValidationError:
        return _message(text)
    faults = "".join(f"; {fault.pointer}: {fault.code}" for fault in problem.errors)
    return strip_controls(f"{problem.code}: {problem.detail or problem.title}{faults}")


def _message(text: str) -> str:
    """Return the message of API Gateway in an error response, or an empty text."""
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    return strip_controls(str(said.get("message", "")))[:200] if isinstance(said, dict) else ""


def join_path(root: str, *words: str) -> str:
    """Return a path below another, with its parts quoted."""
    return "/".join((root, *(quote(word, safe="") for word in words)))


def _checked(response: requests.Response) -> requests.Response:
    if response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        return response
    words = f"{response.status_code} {error_line(response.text)}"
    if response.status_code in _UNAVAILABLE_STATUSES:
        raise ApiUnavailable(words, _seconds(response.headers.get("Retry-After", "")))
    raise ApiError(response.status_code, words)


def _seconds(text: str) -> float:
    """Return the seconds in a Retry-After header, 0 if it has a date."""
    return min(float(text), _MAX_RETRY_AFTER) if text.isascii() and text.isdigit() else 0.0


def is_loopback(url: str) -> bool:
    """Return whether a URL is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
