"""The CPU of a request through the gateway as a Lambda function, beside a bare call of urllib3."""

from collections.abc import Callable
from time import process_time
from typing import Final

import urllib3

from cli.local.options import free_ports
from signalbox.egress.upstream_client import UpstreamClient
from signalbox.models.service import MAX_LAMBDA_BYTES
from signalbox.services.gateway.routing import RoutingTable
from tests.bench.gateway.processes import module
from tests.bench.table import Table
from tests.builders import a_service, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.gateway_handler import a_gateway_handler
from tests.functions.system import event

BUDGET: Final = 2.0
ROUNDS: Final = 5


def lambda_table(times: int) -> Table:
    """The table: both in turns, as the machine is shared."""
    (port,) = free_ports(1)
    with module("upstream", port):
        url = f"http://127.0.0.1:{port}"
        bare, ours = _bare(f"{url}/api/1024"), _gateway(url)
        ways = {"a bare call of urllib3": bare, "the gateway on Lambda": ours}
        seconds = dict.fromkeys(ways, 0.0)
        for call in ways.values():
            call()
        for _ in range(ROUNDS):
            for name, call in ways.items():
                begun = process_time()
                for _ in range(times):
                    call()
                seconds[name] += process_time() - begun
    table = Table(title="CPU of a request of 1 KB", columns=("way", "CPU ms", "times a bare call"))
    first = seconds["a bare call of urllib3"]
    for name, took in seconds.items():
        ratio = took / first
        each = took * 1_000 / (times * ROUNDS)
        table.add(name, f"{each:.2f}", f"{ratio:.1f}", good=ratio <= BUDGET)
    return table


def _bare(url: str) -> Callable[[], None]:
    def call() -> None:
        # a new connection, as a function that is called now and then has no other
        with urllib3.PoolManager() as pool:
            pool.request("GET", url, headers={"connection": "close"})

    return call


def _gateway(url: str) -> Callable[[], None]:
    service = a_service(instances=(an_instance(url=url),), access={"public": True})
    table = RoutingTable([service])
    handler = a_gateway_handler(
        lambda: table, UpstreamClient(networks=("127.0.0.0/8",), max_body=MAX_LAMBDA_BYTES)
    )
    clock = FakeClock()
    request = event("GET", "/api/orders/1024", {"host": "api.example.com"}, b"")

    def call() -> None:
        handler(request, FakeContext(clock, timeout=30))

    return call
