"""The MCP endpoint for clients that send no credentials, as the conformance tests do."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from cli.local.options import HOST, free_ports
from cli.local.serve import RequestHandler, serve_http
from signalbox.models.rate_limits import Limits, RateLimit
from tests.builders import a_task
from tests.commands.served import Served

_NO_LIMIT = RateLimit(count=1_000_000, burst=1_000_000)


class _Authenticated(RequestHandler):
    """Adds the key of an administrator to each request."""

    def __init__(self, *args: object, served: Served) -> None:
        self._served = served
        super().__init__(*args)  # type: ignore[arg-type]  # as its server gives them

    def answer(self, body: bytes) -> None:
        headers = {**dict(self.headers.items()), "X-API-Key": self._served.key}
        result = self._served.answer(self.command, self.path, headers, body)
        self.reply(result["statusCode"], result["body"].encode(), list(result["headers"].items()))


@contextmanager
def mcp_endpoint(served: Served) -> Iterator[str]:
    """Serve the endpoint inside the block and return its URL; there is a task to list."""
    limits = Limits(roles={"admin": _NO_LIMIT}).model_dump_json()
    served.wiring.config_table.put(
        {"pk": {"S": "LIMITS"}, "sk": {"S": "default"}, "doc": {"S": limits}}
    )
    served.add(a_task(title="one"))
    (port,) = free_ports(1)
    with serve_http(port, partial(_Authenticated, served=served)):
        yield f"http://{HOST}:{port}/mcp"
