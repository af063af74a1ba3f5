"""`python -m tests.bench.gateway.server PORT UPSTREAM…`: the gateway as a server, without AWS.

Stores are in memory: callers are counted by a thread, as with the State table, without its call.
"""

import os
import socket
import sys
from dataclasses import replace

from uvicorn import Server

from cli.gateway_server import gateway_config
from signalbox.egress.upstream_stream import StreamingClient
from signalbox.http.gateway_asgi import AsgiGateway
from signalbox.runtime.event_loop import SummedCounts, in_thread
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.synchronous import run_blocking
from signalbox.services.ports.time import utc_now
from tests.builders import a_service, an_instance
from tests.fakes.asgi_gateway import an_asgi_gateway
from tests.fakes.counts import FakeCount
from tests.fakes.gateway_handler import a_gateway
from tests.fakes.loggers import a_logger
from tests.fakes.metrics_report import metrics_report


def application(*urls: str) -> AsgiGateway:
    """The application over one public service at the URLs."""
    client = StreamingClient(networks=("127.0.0.0/8",))
    instances = tuple(an_instance(id=f"i-{n}", url=url) for n, url in enumerate(urls))
    service = a_service(
        instances=instances,
        access={"public": True},
        slow_start_seconds=0,
        timeouts={"attempt": 1.0, "total": 5.0},
    )
    table = RoutingTable([service])
    gateway = a_gateway(lambda: table, client, clock=utc_now)  # type: ignore[arg-type]  # the real time
    admit = gateway.admit
    gateway = replace(
        gateway,
        forward=replace(gateway.forward, persistent=True),
        admit=in_thread(lambda request, access: run_blocking(admit(request, access))),
        logger=a_logger(open(os.devnull, "w")),  # noqa: SIM115, PTH123  for ever
        reports=[metrics_report(utc_now, SummedCounts(count=FakeCount()))],
    )
    return an_asgi_gateway(gateway, utc_now)


def main(port: int, urls: list[str]) -> None:
    with socket.create_server(("127.0.0.1", port), backlog=2_048) as listening:
        Server(gateway_config(lambda: application(*urls))).run(sockets=[listening])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
