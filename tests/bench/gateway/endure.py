"""`make load PART=gateway`: requests for minutes while an instance is killed and started again.

Requests are GETs, so that another instance answers those that fail. Printed are the requests that
got no answer or another than 200, by what happened meanwhile.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from rich.console import Console

from cli.local.options import free_ports
from tests.bench.gateway.load import Answers, keep_busy
from tests.bench.gateway.processes import module
from tests.bench.table import Table
from tests.figures.results import Numbers, write_numbers

AVAILABILITY: Final = 0.999
CONNECTIONS: Final = 16
_PAUSE: Final = 0.01


class Instance:
    """A process of the service, which can be killed, started and stopped for a while."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = (sys.executable, "-m", "tests.bench.gateway.upstream", str(self.port))
        self._process = subprocess.Popen(command)  # noqa: S603  our own

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let it answer nothing, while its connections stay open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process:
            os.kill(self._process.pid, number)


@dataclass(frozen=True)
class Phase:
    """What happens at its beginning."""

    name: str
    begin: Callable[[], None]


def phases(one: Instance) -> list[Phase]:
    return [
        Phase("both instances answer", lambda: None),
        Phase("one is killed", one.kill),
        Phase("it is started again", one.start),
        Phase("it answers nothing, its connections stay open", one.pause),
        Phase("it goes on", one.go_on),
    ]


@contextmanager
def two_instances() -> Iterator[tuple[Instance, Instance]]:
    pair = Instance(), Instance()
    try:
        for instance in pair:
            instance.start()
        yield pair
    finally:
        for instance in pair:
            instance.go_on()
            instance.kill()


def endured(seconds: float) -> tuple[Table, Answers]:
    """The table, and the answers of all phases."""
    table = Table(
        title=f"Requests to two instances, {seconds:.0f} s in all",
        columns=("meanwhile", "answered", "failed", "available", "p50 ms", "p99 ms"),
    )
    total = Answers()
    with two_instances() as (one, other):
        (port,) = free_ports(1)
        with module("server", port, one.url, other.url):
            rounds = phases(one)
            for phase in rounds:
                phase.begin()
                answers = _during(port, seconds / len(rounds))
                _add(table, phase.name, answers)
                total.seconds += answers.seconds
                total.failed += answers.failed
    _add(table, "in all", total)
    return table, total


def _during(port: int, seconds: float) -> Answers:
    until = monotonic() + seconds
    return asyncio.run(
        keep_busy(
            port,
            "/api/orders/1024",
            connections=CONNECTIONS,
            until=lambda _: monotonic() >= until,
            pause=_PAUSE,
        )
    )


def _add(table: Table, name: str, answers: Answers) -> None:
    table.add(
        name,
        f"{len(answers.seconds):,}",
        str(answers.failed),
        f"{answers.availability:.4%}",
        f"{answers.p50:.1f}",
        f"{answers.p99:.1f}",
        good=answers.availability >= AVAILABILITY,
    )


def endured_numbers(answers: Answers) -> Numbers:
    """The share of requests that were answered by 200, and milliseconds of those."""
    return {
        "answered": len(answers.seconds),
        "failed": answers.failed,
        "available": answers.availability,
        "p50": answers.p50,
        "p99": answers.p99,
    }


def main() -> int:
    """Print the table; 1 if fewer requests were answered than are to be."""
    parser = argparse.ArgumentParser(prog="make load PART=gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long, in all")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    table, answers = endured(chosen.seconds)
    Console(width=110).print(table.drawn())
    write_numbers(chosen.json, endured_numbers(answers))
    return int(answers.availability < AVAILABILITY)


if __name__ == "__main__":
    sys.exit(main())
