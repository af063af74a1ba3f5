"""Listen, and stop in order on a signal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override
from uvicorn import Server

from cli.errors import CommandError
from cli.gateway_server import gateway_config, take_environment
from cli.server.assembly import AssembledServer
from cli.server.stopping import Stopping

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from uvicorn import Config

    from cli.server.assembly import ServerOptions
    from cli.server.deployment import Deployment

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """Where to listen, and how to stop.

    After a signal the server is not ready, but answers for `drain` seconds more, so that load
    balancers notice. Then what runs has `grace` seconds.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    grace: float = 30.0
    drain: float = 0.0


class _DrainingServer(Server):
    """A server that ends with 0 after a signal, and is not ready from the signal on."""

    def __init__(self, config: Config, stopping: Stopping, drain: float) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._drain = drain

    @contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._begin_stop)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _begin_stop(self) -> None:
        """Begin to stop; a second signal does not wait for anything."""
        if self._stopping.has_begun:
            self.should_exit = self.force_exit = True
            return
        self._stopping.begin()
        asyncio.get_running_loop().call_later(self._drain, self._exit)

    def _exit(self) -> None:
        self.should_exit = True


def serve_deployment(
    deployment: Deployment, options: ServerOptions, listen: ListenOptions, at: socket.socket
) -> None:
    """Serve until a signal ends it. What still runs after the grace is left to those who repeat it.

    Raises:
        CommandError: The server could not start.
    """
    take_environment(deployment.environment)
    stopping = Stopping(listen.drain + listen.grace)
    assembled = AssembledServer(deployment=deployment, options=options, stopping=stopping)
    config = gateway_config(assembled.application)
    config.timeout_graceful_shutdown = int(listen.grace)
    server = _DrainingServer(config, stopping, listen.drain)
    with at:
        server.run(sockets=[at])
    if not server.started:
        raise CommandError("the server did not start")


def leave_process() -> None:
    """End the process with 0, also if a thread does not end: its work is repeated."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
