"""Small services of a team for the demo: each answers who it is, at a port of its own."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Final

from cli.local.options import HOST, free_ports
from cli.local.serve import RequestHandler, serve_http

_HEALTH_PATH: Final = "/health"
_HEADERS: Final = [("Content-Type", "application/json"), ("Connection", "close")]
"""An instance that stops has no connections that are still open."""


class _Instance(RequestHandler):
    def __init__(self, *args: object, name: str) -> None:
        self._name = name
        super().__init__(*args)  # type: ignore[arg-type]  # as its server gives them

    def answer(self, body: bytes) -> None:
        del body
        document = {"instance": self._name, "path": self.path}
        if self.path == _HEALTH_PATH:
            document = {"status": "ok"}
        self.reply(HTTPStatus.OK, json.dumps(document).encode(), _HEADERS)


@dataclass(kw_only=True)
class ServiceInstances:
    """Instances that are running, by name."""

    urls: dict[str, str] = field(default_factory=dict)
    _running: dict[str, ExitStack] = field(default_factory=dict)

    def start(self, name: str) -> str:
        """Start an instance and return its URL."""
        (port,) = free_ports(1)
        self._running[name] = ExitStack()
        self._running[name].enter_context(serve_http(port, partial(_Instance, name=name)))
        self.urls[name] = f"http://{HOST}:{port}"
        return self.urls[name]

    def stop(self, name: str) -> None:
        """Stop an instance: its port refuses connections from now on."""
        self._running.pop(name).close()

    def stop_all(self) -> None:
        """Stop the instances that are running."""
        for name in list(self._running):
            self.stop(name)


@contextmanager
def service_instances(*names: str) -> Iterator[ServiceInstances]:
    """Run instances with these names until the end of the context."""
    instances = ServiceInstances()
    try:
        for name in names:
            instances.start(name)
        yield instances
    finally:
        instances.stop_all()
