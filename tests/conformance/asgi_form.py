"""The gateway as an ASGI application: a row becomes a scope, as a server makes it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from signalbox.egress.upstream_connections import IdleConnections
from signalbox.egress.upstream_stream import StreamingClient
from signalbox.http.asgi_messages import AsgiMessage
from signalbox.http.gateway_asgi import AsgiGateway
from signalbox.models.errors import SignalboxError
from tests.conformance.lambda_form import NEW_KEY, Outcome, conformance_table
from tests.conformance.row import Row
from tests.fakes.asgi_gateway import an_asgi_gateway
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore
from tests.fakes.gateway_handler import a_gateway
from tests.fakes.instance_pool import an_instance_pool


class AsgiForm:
    """Send rows through the application, to services of which every instance is at one URL."""

    def __init__(self, url: str) -> None:
        table = conformance_table(url)
        self._clock = FakeClock()
        # the server of a row may close a connection just when the next row would use it again
        self._client = StreamingClient(networks=("127.0.0.0/8",), idle=IdleConnections(limit=0))
        gateway = a_gateway(
            lambda: table, self._client, keys=FakeKeyStore(NEW_KEY.stored), clock=self._clock
        )
        forward = replace(gateway.forward, persistent=True)
        self._gateway = replace(gateway, forward=forward)
        self._runner = asyncio.Runner()

    @contextmanager
    def running(self) -> Iterator[Self]:
        with self._runner:
            yield self
            self._runner.run(self._closed())

    async def _closed(self) -> None:
        self._client.close()
        await asyncio.sleep(0)

    def __call__(self, row: Row) -> Outcome:
        """Send a row by a process that has seen no other."""
        forward = replace(self._gateway.forward, pool=an_instance_pool(self._clock))
        gateway = replace(self._gateway, forward=forward)
        application = an_asgi_gateway(gateway, self._clock)
        return self._runner.run(_sent(application, row))


async def _sent(application: AsgiGateway, row: Row) -> Outcome:
    messages: list[AsgiMessage] = []
    bodies = [{"type": "http.request", "body": row.body, "more_body": False}]

    async def receive() -> AsgiMessage:
        if bodies:
            return bodies.pop()
        await asyncio.Event().wait()
        raise AssertionError("it waits for ever")

    async def send(message: AsgiMessage) -> None:
        messages.append(message)

    truncated = False
    try:
        await asyncio.wait_for(application(_scope(row), receive, send), 10)
    except SignalboxError:
        truncated = True
    return _outcome(messages, truncated=truncated)


def _scope(row: Row) -> AsgiMessage:
    """Return the scope of a row. A server names the length of a body, or its coding."""
    fields = [(name, value.replace("{key}", NEW_KEY.text)) for name, value in row.fields]
    names = {name.lower() for name, _ in fields}
    if "host" not in names:
        fields.append(("host", row.host))
    if row.body and not names & {"content-length", "transfer-encoding"}:
        fields.append(("content-length", str(len(row.body))))
    return {
        "type": "http",
        "http_version": row.protocol.removeprefix("HTTP/"),
        "method": row.method,
        "scheme": "https",
        "raw_path": row.path.encode("utf-8", "surrogatepass"),
        "query_string": row.query.encode("utf-8", "surrogatepass"),
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields],
        "client": (row.client, 4711),
        "server": ("127.0.0.1", 443),
    }


def _outcome(messages: list[AsgiMessage], *, truncated: bool) -> Outcome:
    head, *pieces = messages
    fields = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in head["headers"])
    body = b"".join(piece["body"] for piece in pieces)
    problem = dict(fields).get("content-type") == "application/problem+json"
    code = json.loads(body)["error"] if problem and body else ""
    return Outcome(status=head["status"], fields=fields, body=body, code=code, truncated=truncated)
