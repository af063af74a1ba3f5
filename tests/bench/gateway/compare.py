"""The gateway as a server beside nginx, a straightforward gateway, and no gateway at all."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cli.local.options import free_ports
from tests.bench.gateway.load import Answers, keep_busy
from tests.bench.gateway.processes import Measured, module, running
from tests.bench.table import Table

CONNECTIONS: Final = 16
SIZES: Final = (1_024, 102_400)
ROUNDS: Final = 3
CPU_BUDGET: Final = 2.0
"""Milliseconds of CPU of a request: 1,000 requests/s on two cores."""

RESIDENT_BUDGET: Final = 100.0
PEER_BUDGET: Final = 2.0
_NGINX: Final = """
daemon off; worker_processes 2; pid {folder}/pid; error_log /dev/null;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  upstream orders {{ server 127.0.0.1:{service}; keepalive 32; }}
  server {{
    listen 127.0.0.1:{port};
    location /api/orders/ {{
      proxy_pass http://orders/api/; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


class Way:
    """A way to the service, and what its requests took in all rounds so far."""

    def __init__(self, name: str, port: int, path: str, process: Measured) -> None:
        self.name, self.port, self.path, self.process = name, port, path, process
        self.answers = Answers()
        self.cpu = 0.0

    def ask(self, count: int) -> None:
        before = self.process.cpu
        done = asyncio.run(
            keep_busy(
                self.port,
                self.path,
                connections=CONNECTIONS,
                until=lambda answers: len(answers.seconds) + answers.failed >= count,
            )
        )
        self.cpu += self.process.cpu - before
        self.answers.seconds += done.seconds
        self.answers.failed += done.failed
        self.answers.took += done.took

    @property
    def cpu_ms(self) -> float:
        return self.cpu * 1_000 / len(self.answers.seconds)


def gateway_tables(times: int) -> list[Table]:
    """The tables for bodies of 1 KB and 100 KB: all ways in turns, as the machine is shared."""
    with ExitStack() as stack:
        service, *others = free_ports(4)
        direct = stack.enter_context(module("upstream", service))
        url = f"http://127.0.0.1:{service}"
        ports = dict(zip(("nginx", "gateway", "FastAPI + httpx"), others, strict=True))
        processes = {"gateway": stack.enter_context(module("server", ports["gateway"], url))}
        if shutil.which("nginx"):
            processes["nginx"] = stack.enter_context(nginx(ports["nginx"], service))
        if find_spec("fastapi") and find_spec("httpx"):
            peer = module("peer", ports["FastAPI + httpx"], url)
            processes["FastAPI + httpx"] = stack.enter_context(peer)
        return [
            _compared(
                size,
                times,
                [
                    Way("direct", service, f"/api/{size}", direct),
                    *(
                        Way(name, ports[name], f"/api/orders/{size}", process)
                        for name, process in processes.items()
                    ),
                ],
            )
            for size in SIZES
        ]


def _compared(size: int, times: int, ways: list[Way]) -> Table:
    for way in ways:
        way.ask(times // 4)  # warm
        way.answers, way.cpu = Answers(), 0.0
    for _ in range(ROUNDS):
        for way in ways:
            way.ask(times)
    table = Table(
        title=f"A request through the gateway as a server, {size // 1_024} KB, "
        f"{CONNECTIONS} connections",
        columns=("way", "CPU ms", "two cores/s", "measured/s", "p50 ms", "p99 ms", "MB", "failed"),
    )
    by_name = {way.name: way for way in ways}
    for way in ways:
        _add(table, way, by_name.get("FastAPI + httpx"))
    for missing, where in (
        ("nginx", "apt install nginx-light"),
        ("FastAPI + httpx", "uv sync --group bench"),
    ):
        if missing not in by_name:
            table.add(missing, f"not installed: {where}", *[""] * 6)
    return table


def _add(table: Table, way: Way, peer: Way | None) -> None:
    answers, is_ours = way.answers, way.name == "gateway"
    good = not is_ours or (
        way.cpu_ms <= CPU_BUDGET
        and way.process.resident < RESIDENT_BUDGET
        and (peer is None or peer.cpu_ms >= PEER_BUDGET * way.cpu_ms)
    )
    is_direct = way.name == "direct"
    table.add(
        way.name,
        "" if is_direct else f"{way.cpu_ms:.2f}",
        "" if is_direct else f"{2_000 / max(way.cpu_ms, 0.001):,.0f}",
        f"{answers.per_second:,.0f}",
        f"{answers.p50:.1f}",
        f"{answers.p99:.1f}",
        "" if is_direct else f"{way.process.resident:.0f}",
        str(answers.failed),
        good=good,
    )


@contextmanager
def nginx(port: int, service: int) -> Iterator[Measured]:
    """nginx, as its documentation sets up a reverse proxy with connections that are kept."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        file.write_text(_NGINX.format(folder=folder, service=service, port=port))
        command = ("nginx", "-c", str(file), "-e", "/dev/null")
        with running(*command, port=port) as process:
            yield process
