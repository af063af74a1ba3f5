"""The gateway behind uvicorn, in the event loop of a test, over services at one URL."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from uvicorn import Server

from cli.gateway_server import gateway_config
from signalbox.egress.upstream_connections import IdleConnections
from signalbox.egress.upstream_stream import StreamingClient
from signalbox.http.gateway import Gateway
from signalbox.models.service import MAX_STREAMED_BYTES
from signalbox.services.gateway.routing import RoutingTable
from tests.builders import a_service, an_instance
from tests.fakes.asgi_gateway import an_asgi_gateway
from tests.fakes.clock import FakeClock
from tests.fakes.gateway_handler import a_gateway


@asynccontextmanager
async def served_gateway(url: str) -> AsyncIterator[tuple[int, Gateway]]:
    """The port of a server whose service `orders` is at the URL, and its gateway."""
    # the server of a test may close a connection just when the next request would use it again
    client = StreamingClient(networks=("127.0.0.0/8",), idle=IdleConnections(limit=0))
    service = a_service(
        instances=(an_instance(url=url),),
        access={"public": True},
        max_body_bytes=MAX_STREAMED_BYTES,
        timeouts={"total": 2},
    )
    small = a_service(
        name="small", instances=(an_instance(url=url),), access={"public": True}, max_body_bytes=3
    )
    table = RoutingTable([service, small])
    gateway = a_gateway(lambda: table, client)
    gateway = replace(gateway, forward=replace(gateway.forward, persistent=True))
    application = an_asgi_gateway(gateway, FakeClock())
    server = Server(gateway_config(lambda: application))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
            yield listening.getsockname()[1], gateway
        finally:
            server.should_exit = True
            await running
            client.close()
            await asyncio.sleep(0)
