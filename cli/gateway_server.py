"""Serve the gateway by uvicorn, with the settings that its function has in a stack."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from botocore.exceptions import BotoCoreError, ClientError
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.supervisors import Multiprocess

from cli.errors import CommandError
from cli.stack import client_config
from signalbox.runtime.gateway_asgi import application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.stack import Stack

_FUNCTION: Final = "GatewayFunction"
_NO_PROFILE: Final = "default"
"""What a session says without a profile: there need not be one of this name."""

_MAX_HEAD: Final = 40_960
"""More than the gateway takes, so that it can answer what is wrong."""

_GRACE_SECONDS: Final = 30


class GatewayProtocol(H11Protocol):
    """HTTP/1.1 of clients. One that does not send the head of its request in time is cut off."""

    head_seconds: ClassVar = 10.0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        # asyncio sets it only where the listening socket was made for TCP by name
        connected: socket.socket = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head_timer = self.loop.call_later(self.head_seconds, self._cut)

    def data_received(self, data: bytes) -> None:
        """Read bytes, and wait for the rest of a head."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        has_head = cycle is not None and not cycle.response_complete
        if has_head and self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
        elif not has_head and self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._head_timer:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def _cut(self) -> None:
        self.transport.close()


def function_environment(stack: Stack) -> Mapping[str, str]:
    """Return the settings of the function `gateway`, and where its AWS is.

    Raises:
        CommandError: They cannot be read.
    """
    try:
        config = client_config(stack.endpoint_url)
        stacks = stack.session.client(
            "cloudformation", endpoint_url=stack.endpoint_url, config=config
        )
        resource = stacks.describe_stack_resource(
            StackName=stack.name, LogicalResourceId=_FUNCTION
        )["StackResourceDetail"]
        functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url, config=config)
        found = functions.get_function_configuration(FunctionName=resource["PhysicalResourceId"])
    except (BotoCoreError, ClientError, KeyError) as refused:
        raise CommandError(f"the settings of the function were not read: {refused}") from refused
    variables = found.get("Environment", {}).get("Variables", {})
    return {**variables, **aws_access(stack), "POWERTOOLS_SERVICE_NAME": "gateway"}


def aws_access(stack: Stack) -> Mapping[str, str]:
    """Return the variables by which clients of AWS find the stack, and are let in."""
    region = {"AWS_DEFAULT_REGION": stack.session.region_name or ""}
    credentials = stack.session.get_credentials() if stack.endpoint_url else None
    if not credentials:
        profile = stack.session.profile_name
        return region if profile == _NO_PROFILE else {**region, "AWS_PROFILE": profile}
    return {
        **region,
        "AWS_ENDPOINT_URL": str(stack.endpoint_url),
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
    }


def serve_gateway(
    environment: Mapping[str, str],
    *,
    host: str,
    port: int,
    workers: int,
    trusted_proxies: tuple[str, ...],
) -> None:
    """Serve until a signal ends it; requests that run are finished, for 30 seconds at most.

    Raises:
        CommandError: The port is taken, or a proxy is no network.
    """
    take_environment(environment)
    listening = listening_socket(host, port)
    config = gateway_config(partial(application, trusted_proxies=trusted_proxies), workers)
    with listening:
        if workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            Server(config).run(sockets=[listening])


def take_environment(deployed: Mapping[str, str]) -> None:
    """Set the variables of a deployment, except those of OpenTelemetry that this process has."""
    own = {name for name, value in os.environ.items() if name.startswith("OTEL_") and value}
    os.environ.update({name: value for name, value in deployed.items() if name not in own})


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket on which a server will listen.

    Raises:
        CommandError: The port is taken, or the host has no such address.
    """
    try:
        return socket.create_server((host, port), backlog=2_048)
    except OSError as refused:
        raise CommandError(f"{host}:{port} cannot be used: {refused.strerror}") from None


def gateway_config(make: object, workers: int = 1) -> Config:
    """Return the settings of the server. Its own log is silent: the gateway has an access line."""
    return Config(
        make,  # type: ignore[arg-type]  # a factory, which uvicorn types as an application
        factory=True,
        workers=workers,
        http=GatewayProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=_MAX_HEAD,
    )
