"""`make load`: requests a second on this machine, beside a bare handler and FastAPI + Mangum.

Two processes serve each function, a third one AWS, and this one sends requests, each of its
connections one after the other. CPU is that of the processes that serve the function.
"""

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from rich.console import Console

from tests.bench.load_worker import SECRET, serve_aws, serve_function
from tests.bench.table import Table
from tests.figures.results import Numbers, write_numbers

SCENARIOS: Final = ("bare", "FastAPI + Mangum", "webhook", "get")
PER_SECOND: Final = 1_000
P50_MS: Final = 10.0
GROWTH: Final = 1.05
"""How much memory may grow over a soak, after its first tenth."""

_PROCESSES: Final = 2
_CONNECTIONS: Final = 2
_WARM_UP_SECONDS: Final = 1.0
_RESIDENT: Final = re.compile(r"VmRSS:\s+(\d+) kB")
_spawn = get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process that serves at a port."""

    process: BaseProcess
    port: int
    key: str = ""

    @property
    def cpu_seconds(self) -> float:
        """What it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_mb(self) -> float:
        """The memory that it has now."""
        found = _RESIDENT.search(Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0


@dataclass(kw_only=True)
class Load:
    """What was measured. `memory` is by seconds since the start."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """Of one request."""
        return 1000 * self.cpu_seconds / len(self.latencies)


def main() -> int:
    """Print the figures; how many of them memory has missed."""
    from tests.bench.__main__ import environment  # noqa: PLC0415  no function needs its memory

    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each scenario")
    parser.add_argument("--minutes", type=float, default=0.0, help="of a soak with webhooks")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    with environment() as names, _started(serve_aws, names) as aws:
        variables = {**names, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}"}
        if chosen.minutes:
            return _soak(chosen.minutes * 60, variables, aws.key)
        loads = {name: _measured(name, chosen.seconds, variables, aws.key) for name in SCENARIOS}
    Console(width=110).print(load_table(loads).drawn())
    write_numbers(chosen.json, {name: load_numbers(load) for name, load in loads.items()})
    return 0


def load_numbers(load: Load) -> Numbers:
    """The figures of a scenario; times are in milliseconds, memory in megabytes."""
    hundredths = quantiles(load.latencies, n=100)
    return {
        "requests": len(load.latencies),
        "a second": len(load.latencies) / load.seconds,
        "p50": median(load.latencies),
        "p95": hundredths[94],
        "p99": hundredths[98],
        "CPU": load.cpu_ms,
        "memory": max((memory for _, memory in load.memory), default=0.0),
    }


def load_table(loads: Mapping[str, Load]) -> Table:
    """The figures of each scenario, CPU beside that of the bare handler."""
    table = Table(
        title=f"Load, {_PROCESSES} processes of each function, {os.cpu_count()} cores",
        columns=(
            "",
            "requests",
            "a second",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "of bare",
            "a CPU second",
        ),
    )
    bare = loads["bare"].cpu_ms
    for name, load in loads.items():
        rate = len(load.latencies) / load.seconds
        middle, slowest = median(load.latencies), quantiles(load.latencies, n=100)[98]
        cells = (f"{len(load.latencies):,}", f"{rate:,.0f}", f"{middle:.1f}", f"{slowest:.1f}")
        cpu = (f"{load.cpu_ms:.2f}", f"{load.cpu_ms / bare:.1f}", f"{1000 / load.cpu_ms:,.0f}")
        good = name != "webhook" or (rate >= PER_SECOND and middle < P50_MS)
        table.add(name, *cells, *cpu, good=good)
    return table


def _soak(seconds: float, variables: Mapping[str, str], key: str) -> int:
    load = _measured("webhook", seconds, variables, key)
    table = Table(title="Memory of a webhook function", columns=("minute", "resident MB"))
    for at, memory in load.memory:
        table.add(f"{at / 60:.1f}", f"{memory:.1f}")
    later = [memory for at, memory in load.memory if at >= seconds / 10]
    growth = max(later) / later[0]
    total, good = f"{len(load.latencies):,} requests", growth <= GROWTH
    table.add(total, f"x {growth:.3f}", counted=True, good=good)
    Console(width=110).print(table.drawn())
    return table.missed


def _measured(name: str, seconds: float, variables: Mapping[str, str], key: str) -> Load:
    with (
        _started(serve_function, variables, name) as one,
        _started(serve_function, variables, name) as two,
    ):
        workers = (one, two)
        asyncio.run(_sent(name, workers, key, _WARM_UP_SECONDS))
        before = sum(worker.cpu_seconds for worker in workers)
        load = asyncio.run(_sent(name, workers, key, seconds))
        load.cpu_seconds = sum(worker.cpu_seconds for worker in workers) - before
    return load


@contextmanager
def _started(serve: object, variables: Mapping[str, str], *more: str) -> Iterator[Served]:
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=serve, args=(theirs, dict(variables), *more), daemon=True)  # type: ignore[arg-type]  # a function
    process.start()
    try:
        found = ours.recv()
        port, key = found if isinstance(found, tuple) else (found, "")
        yield Served(process=process, port=port, key=key)
    finally:
        process.terminate()
        process.join()


async def _sent(name: str, workers: tuple[Served, ...], key: str, seconds: float) -> Load:
    load, began = Load(), time.perf_counter()
    end = began + seconds
    requests = _requests(name, key)

    async def send(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := time.perf_counter()) < end:
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head[9:12] in {b"200", b"202"}, head
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
            load.latencies.append(1000 * (time.perf_counter() - started))
        writer.close()

    async def watch() -> None:
        step = max(1.0, seconds / 20)
        while time.perf_counter() + step < end:
            await asyncio.sleep(step)
            resident = max(worker.resident_mb for worker in workers)
            load.memory.append((time.perf_counter() - began, resident))

    ports = [worker.port for worker in workers] * _CONNECTIONS
    await asyncio.gather(watch(), *(send(port) for port in ports))
    load.seconds = time.perf_counter() - began
    return load


def _requests(name: str, key: str) -> Iterator[bytes]:
    """Yield requests, each webhook with an id that no other one has."""
    from signalbox.providers.github.signature import signature  # noqa: PLC0415  no function needs it
    from tests.bench.scenarios import TASK, webhook_body  # noqa: PLC0415  as above
    from tests.samples import sample  # noqa: PLC0415  as above

    body = b"" if name == "get" else webhook_body()
    headers = dict(sample("github", "issue_comment.created").headers)
    headers |= {"x-hub-signature-256": signature(SECRET, body), "content-type": "application/json"}
    first = "POST /api/v1/webhooks/github"
    if name == "get":
        first, headers = f"GET /api/v1/tasks/{TASK}", {"x-api-key": key}
    lines = "".join(f"{one.lower()}: {value}\r\n" for one, value in headers.items())
    head = f"{first} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n"
    start = time.time_ns()
    for number in count(start):
        yield f"{head}x-github-delivery: load-{number}\r\n\r\n".encode() + body


if __name__ == "__main__":
    sys.exit(main())
