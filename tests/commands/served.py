"""The real functions over a stack in moto, served on loopback as API Gateway would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from threading import Lock

import pytest

from cli.local.options import HOST, free_ports
from cli.local.serve import RequestHandler, serve_http
from signalbox.auth.api_keys import new_key
from signalbox.http.api import ApiHandler
from signalbox.http.events import LambdaResponse
from signalbox.http.webhook import WebhookHandler, WebhookResponse
from signalbox.models.task import Task, TaskStatus
from signalbox.providers.github.provider import GitHub
from signalbox.runtime.api import api
from signalbox.runtime.webhook import webhook
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.permissions import everybody_may
from signalbox.services.pagination import Window
from signalbox.services.ports.time import utc_now
from tests.builders import SECRET
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.counts import FakeCount
from tests.fakes.permissions import everybody_in_time
from tests.functions.system import event
from tests.integration.aws import deployed

_HOOKS = "/api/v1/webhooks/github"


@dataclass(kw_only=True)
class Served:
    """What is served, and what is behind it. `away` is a status that answers everything."""

    port: int
    key: str
    api: ApiHandler
    github: WebhookHandler
    wiring: Wiring
    away: int | None = None
    one_at_a_time: Lock = field(default_factory=Lock)  # moto is not made for threads

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def add(self, task: Task) -> Task:
        """A task that waits, kept for ever: the times of tests are long ago."""
        kept = task.model_copy(update={"retention": 0})
        with self.one_at_a_time:
            self.wiring.tasks.create(kept)
            self.wiring.queue.send(kept.priority, [kept.id])
        return kept

    def now(self, task: Task) -> Task:
        """The task as it is."""
        with self.one_at_a_time:
            return self.wiring.tasks.get(task.id)

    def all(self) -> list[Task]:
        """Every task, the newest first."""
        store = self.wiring.tasks
        with self.one_at_a_time:
            return [store.get(task.id) for task in store.newest(list(TaskStatus), Window())]

    def put(self, after: Task) -> None:
        """The task in place of what is kept."""
        with self.one_at_a_time:
            self.wiring.tasks.replace(self.wiring.tasks.get(after.id), after)

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> LambdaResponse:
        """What API Gateway would answer."""
        asked = event(method, path, headers, body)
        if self.away:
            return LambdaResponse(
                statusCode=self.away,
                headers={"content-type": "application/json", "retry-after": "1"},
                body=json.dumps({"message": HTTPStatus(self.away).phrase}),
                isBase64Encoded=False,
            )
        with self.one_at_a_time:
            if not path.startswith(_HOOKS):
                return self.api(asked, FakeContext(FakeClock()))
            result = self.github(asked, None)
            self._dispatch(result)
            return result

    def _dispatch(self, result: LambdaResponse) -> None:
        """What the table's stream would do."""
        if result["statusCode"] != 202:
            return
        accepted = WebhookResponse.model_validate_json(result["body"])
        for task in () if accepted.duplicate else accepted.task_ids:
            self.wiring.queue.send(self.wiring.tasks.get(task).priority, [task])


class _Bridge(RequestHandler):
    def __init__(self, *args: object, served: Served) -> None:
        self._served = served
        super().__init__(*args)  # type: ignore[arg-type]  # as its server gives them

    def answer(self, body: bytes) -> None:
        headers = dict(self.headers.items())
        result = self._served.answer(self.command, self.path, headers, body)
        self.reply(result["statusCode"], result["body"].encode(), list(result["headers"].items()))


@contextmanager
def serve(environment: pytest.MonkeyPatch) -> Iterator[Served]:
    """Inside the block it answers."""
    with deployed() as stack:
        with environment.context() as variables:
            for name, value in stack.environment("ApiFunction").items():
                variables.setenv(name, value)
            wiring = Wiring()
            wiring.permission = everybody_may
            wiring.permission_within = everybody_in_time
        served = _served(wiring)
        with serve_http(served.port, partial(_Bridge, served=served)):
            yield served


def _served(wiring: Wiring) -> Served:
    made = new_key(
        wiring.settings.key_environment,
        name="cli",
        roles=("admin",),
        scopes=(),
        created_by="tests",
        now=utc_now(),
    )
    wiring.keys.put(made.stored)
    wiring.secrets.put("sources/github/default", [SECRET])
    (port,) = free_ports(1)
    return Served(
        port=port,
        key=made.text,
        api=api(wiring),
        github=replace(webhook(GitHub(), wiring), count=FakeCount().together),
        wiring=wiring,
    )
