"""The functions behind the application of the server, over a stack in moto."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.server.application import ServerApplication
from cli.server.functions import ServerFunction
from cli.server.http_events import MAX_BODY_BYTES
from cli.server.invoker import FunctionCaller
from cli.server.plan import ServerPlan
from cli.server.poller import Poller
from cli.server.readiness import Readiness
from cli.server.route_table import RouteTable
from cli.server.stopping import Stopping
from signalbox.models.errors import Unavailable
from signalbox.providers.github.signature import signature
from signalbox.runtime.api import readiness_checks
from tests.functions.system import SECRET, System
from tests.integration.template import translated
from tests.samples import sample


class Idle(Poller):
    """A poller that was not started."""

    def poll(self) -> float:
        return 0

    def release(self) -> None:
        pass


class Server:
    """The application, which is asked without a network."""

    def __init__(self, system: System) -> None:
        self.stopping = Stopping(30)
        self.timer = 0.0
        self.readiness = Readiness(
            checks=readiness_checks(system.wiring),
            pollers=(),
            stopping=self.stopping,
            timer=lambda: self.timer,
        )
        functions: dict[str, Any] = {
            "ApiFunction": system.api,
            "githubWebhookFunction": system.github,
        }
        self.call = FunctionCaller(
            {name: self._function(name, handler) for name, handler in functions.items()}, 2
        )
        self.steps: list[str] = []
        self.application = ServerApplication(
            routes=RouteTable(ServerPlan.read(translated()).routes),
            call=self.call,
            readiness=self.readiness,
            clock=system.clock,
            begin=self._step,
            end=self._step,
        )

    async def _step(self) -> None:
        self.steps.append("step")

    def _function(self, name: str, handler: Any) -> ServerFunction:
        return ServerFunction(name=name, timeout=30, create=lambda: handler, stopping=self.stopping)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        length = {"content-length": str(len(body))} if body else {}
        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in {**length, **(headers or {})}.items()],
            "client": ("203.0.113.7", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.application(scope, receive, send))
        fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], fields, sent[1]["body"]


@pytest.fixture
def server(system: System) -> Iterator[Server]:
    server = Server(system)
    yield server
    server.call.close()


def test_a_signed_webhook_becomes_a_task_that_the_api_shows(system: System, server: Server) -> None:
    made = sample("github", "issue_comment.created")
    comment = made.body["comment"]
    assert isinstance(comment, dict)
    words = {"comment": comment | {"body": "/agent fix the login ä"}}
    body = json.dumps(made.body | words, ensure_ascii=False).encode()
    signed = {**made.headers, "x-hub-signature-256": signature(SECRET, body)}

    status, _, content = server.ask("POST", "/api/v1/webhooks/github", body, signed)
    (task,) = json.loads(content)["task_ids"]
    shown = server.ask("GET", f"/api/v1/tasks/{task}", headers={"x-api-key": system.key("viewer")})

    assert (status, shown[0]) == (202, 200)
    assert json.loads(shown[2])["title"].endswith("fix the login ä")


def test_a_webhook_with_another_signature_is_refused(server: Server) -> None:
    made = sample("github", "issue_comment.created")

    status, fields, _ = server.ask(
        "POST",
        "/api/v1/webhooks/github",
        b"{}",
        {**made.headers, "x-hub-signature-256": "sha256=0"},
    )

    assert (status, fields["content-type"]) == (401, "application/problem+json")


def test_a_body_over_the_limit_of_api_gateway_is_refused_and_the_connection_closed(
    server: Server,
) -> None:
    status, fields, content = server.ask("POST", "/api/v1/tasks", b"x" * (MAX_BODY_BYTES + 1))

    assert (status, fields["connection"]) == (413, "close")
    assert json.loads(content) == {"message": "Request Entity Too Large"}


def test_a_server_is_healthy_and_ready_until_it_stops(server: Server) -> None:
    health = server.ask("GET", "/health")
    ready = server.ask("GET", "/ready")
    server.stopping.begin()
    stopping = server.ask("GET", "/ready")

    assert (health[0], json.loads(health[2])["status"]) == (200, "ok")
    assert (ready[0], json.loads(ready[2])["checks"]["connectors"]) == (200, True)
    assert (stopping[0], json.loads(stopping[2])["status"]) == (503, "stopping")
    assert server.ask("GET", "/health")[0] == 200


def test_a_server_is_not_ready_without_its_tables_or_a_poller(server: Server) -> None:
    def fail() -> None:
        raise Unavailable("no answer")

    server.readiness.checks = {"tasks": fail}
    server.readiness.pollers = (Idle("Dispatcher#Tasks", server.stopping, 60),)

    status, _, content = server.ask("GET", "/ready")

    assert status == 503
    assert json.loads(content)["checks"] == {
        "tasks": False,
        "pollers": False,
        "Dispatcher#Tasks": False,
    }


def test_whoever_asks_often_whether_the_server_is_ready_does_not_ask_aws(server: Server) -> None:
    calls: list[int] = []
    server.readiness.checks = {"tasks": lambda: calls.append(1)}

    server.ask("GET", "/ready")
    server.ask("GET", "/ready")
    server.timer = 10.0
    server.ask("GET", "/ready")

    assert len(calls) == 2


def test_a_server_without_routes_answers_about_itself_alone(server: Server) -> None:
    server.application = ServerApplication(
        routes=RouteTable([]),
        call=server.call,
        readiness=server.readiness,
        clock=server.application.clock,
        begin=server._step,
        end=server._step,
    )

    assert server.ask("GET", "/ready")[0] == 200
    assert server.ask("GET", "/api/v1/tasks")[0] == 404
