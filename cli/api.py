"""The REST API, as the command line and its worker speak with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import requests
from pydantic import BaseModel, ValidationError

from cli.errors import CommandError, Unreachable
from cli.local.seeded import seeded_key
from cli.locate import find, here
from cli.output import plain
from cli.target import Target
from signalbox.http.problems import Problem
from signalbox.http.routes.audit import AUDIT, AuditVerdict
from signalbox.http.routes.queue import QueuesView
from signalbox.http.routes.tasks import TASKS, TaskList
from signalbox.http.routes.work import (
    BeatAnswer,
    Claim,
    Claimed,
    Completion,
    Failure,
    Heartbeat,
    Return,
)
from signalbox.models.change import TaskSummary, TaskView
from signalbox.models.ids import TaskId

M = TypeVar("M", bound=BaseModel)

_PAGE: Final = 100
_CONNECT: Final = 5.0
_LONGEST_WAIT: Final = 60.0
_AWAY: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Refused(CommandError):
    """The API said no. `status` is that of its answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Away(Unreachable):
    """The API did not answer, or said that it cannot now. A retry may help, after so long."""

    def __init__(self, words: str, after: float = 0.0) -> None:
        super().__init__(words)
        self.after = after


def session_for(url: str) -> requests.Session:
    """A session; to this machine no proxy of the environment is used."""
    session = requests.Session()
    session.trust_env = not _loopback(url)
    return session


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A client. Every method raises Refused, Away. `patience` is in seconds."""

    base_url: str
    key: str = field(repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)
    patience: float = 30.0

    def tasks(self, wanted: Mapping[str, str], limit: int) -> Iterator[TaskSummary]:
        """The newest tasks that fit, at most so many."""
        query = {**wanted, "limit": str(min(limit, _PAGE))}
        while limit > 0:
            page = self._ask("GET", TASKS, TaskList, query=query)
            yield from page.items[:limit]
            limit -= len(page.items)
            if page.next is None:
                return
            query["cursor"] = page.next

    def task(self, task: TaskId) -> TaskView:
        """One task."""
        return self._ask("GET", _path(task), TaskView)

    def queues(self) -> QueuesView:
        """What waits."""
        return self._ask("GET", "/api/v1/queue", QueuesView)

    def audited(self, day: str) -> AuditVerdict:
        """Whether a day of the audit log is as it was written."""
        return self._ask("GET", f"{AUDIT}/{quote(day, safe='')}/verify", AuditVerdict)

    def claim(self, claim: Claim) -> Claimed:
        """The next task, if one comes in time."""
        patience = self.patience + claim.wait_seconds
        return self._ask("POST", "/api/v1/queue/claim", Claimed, body=claim, patience=patience)

    def heartbeat(self, task: TaskId, beat: Heartbeat, patience: float) -> BeatAnswer:
        """Whether to go on."""
        return self._ask("POST", _path(task, "heartbeat"), BeatAnswer, body=beat, patience=patience)

    def complete(self, task: TaskId, completion: Completion) -> TaskView:
        """The task is done."""
        return self._ask("POST", _path(task, "complete"), TaskView, body=completion)

    def fail(self, task: TaskId, failure: Failure) -> TaskView:
        """The attempt failed."""
        return self._ask("POST", _path(task, "fail"), TaskView, body=failure)

    def release(self, task: TaskId, back: Return) -> TaskView:
        """The task is given back."""
        return self._ask("POST", _path(task, "release"), TaskView, body=back)

    def _ask(
        self,
        method: str,
        path: str,
        answer: type[M],
        *,
        query: Mapping[str, str] | None = None,
        body: BaseModel | None = None,
        patience: float | None = None,
    ) -> M:
        headers = {"X-API-Key": self.key}
        if body:
            headers["Content-Type"] = "application/json"
        try:
            response = self.session.request(
                method,
                self.base_url + path,
                params=query,
                data=body.model_dump_json().encode() if body else None,
                headers=headers,
                timeout=(_CONNECT, patience or self.patience),
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as failure:
            problem = f"{self.base_url} did not answer ({type(failure).__name__})"
            raise Away(problem) from failure
        return _read(response, answer)


def connect(target: Target) -> Api:
    """The API of a stack, with a key. Raises CommandError, Unreachable."""
    if target.url:
        url, key = target.url, target.key
    elif target.local:
        url, key = here(target).base_url, target.key or seeded_key(target.home)
    else:
        url, key = find(target).base_url, target.key
    if not key:
        problem = "no API key: set SIGNALBOX_API_KEY; `signalbox keys create` makes one"
        raise CommandError(problem)
    return Api(base_url=url.rstrip("/"), key=key, session=session_for(url))


def explanation(text: str) -> str:
    """An answer that is an error, in one line."""
    try:
        problem = Problem.model_validate_json(text, extra="ignore")
    except ValidationError:
        return _message(text)
    faults = "".join(f"; {fault.pointer}: {fault.code}" for fault in problem.errors)
    return plain(f"{problem.code}: {problem.detail or problem.title}{faults}")


def _message(text: str) -> str:
    """API Gateway's own words, or none."""
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    return plain(str(said.get("message", "")))[:200] if isinstance(said, dict) else ""


def _read(response: requests.Response, answer: type[M]) -> M:
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        words = f"{response.status_code} {explanation(response.text)}"
        if response.status_code in _AWAY:
            raise Away(words, _seconds(response.headers.get("Retry-After", "")))
        raise Refused(response.status_code, words)
    try:
        return answer.model_validate_json(response.content, extra="ignore")
    except ValidationError:
        raise CommandError(f"{response.url} is not an API that this version knows") from None


def _seconds(text: str) -> float:
    """What Retry-After says, where it says seconds as our API does."""
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0


def _path(task: TaskId, *more: str) -> str:
    return "/".join((TASKS, quote(task, safe=""), *more))


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
