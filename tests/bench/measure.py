"""Measures CPU, not time: what other processes do then matters less."""

import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from signalbox.models.frozen import COMPILED_FROM
from tests.bench.scenarios import Operation
from tests.bench.stub import Cloud

_BATCHES: Final = 5
_STARTS: Final = 5
_WARM_UP: Final = COMPILED_FROM
"""Requests after which each class that a request makes an instance of is compiled."""

_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one request takes: CPU in milliseconds, and calls of AWS by name.

    The CPU is that of this thread; a cloud that is served takes its own.
    """

    cpu_ms: float
    calls: Mapping[str, float]

    @property
    def total(self) -> float:
        """All calls."""
        return sum(self.calls.values())


def measured(operation: Operation, cloud: Cloud, times: int) -> Measured:
    """The best of some batches, after a warm-up."""
    for _ in range(max(5, times // 10)):
        operation.prepare()
        operation.run()
    cloud.invalidate()
    each = max(1, times // _BATCHES)
    best = min(_batch(operation, each) for _ in range(_BATCHES))
    made = each * _BATCHES
    calls = {name: number / made for name, number in sorted(cloud.calls.items())}
    return Measured(cpu_ms=best * 1000, calls=calls)


def function_calls(operation: Operation) -> int:
    """How many functions one request calls, in Python and in C; it is the same in every run."""
    calls = 0

    def count(_frame: object, event: str, _of: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    for _ in range(_WARM_UP):
        operation.prepare()
        operation.run()
    operation.prepare()
    sys.setprofile(count)
    try:
        operation.run()
    finally:
        sys.setprofile(None)
    return calls


def _batch(operation: Operation, times: int) -> float:
    spent = 0.0
    for _ in range(times):
        operation.prepare()
        started = time.thread_time()
        operation.run()
        spent += time.thread_time() - started
    return spent / times


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What it takes to start: CPU in milliseconds, resident memory in megabytes."""

    cpu_ms: float
    memory_mb: float


def start(code: str, variables: Mapping[str, str]) -> Start:
    """The best of some processes that run this code, with bytecode in its place.

    Their end is not measured: nobody waits for it, and it takes a fifth of all.
    """
    end = "import os; print(open('/proc/self/status').read(), flush=True); os._exit(0)"
    script = f"{code}; {end}"
    environment = {**os.environ, **variables}
    best, memory = float("inf"), 0.0
    for _ in range(_STARTS):
        before = _children()
        run = subprocess.run(  # noqa: S603  our own interpreter
            [sys.executable, "-S", "-c", script],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        best = min(best, _children() - before)
        memory = int(_PEAK.findall(run.stdout)[-1]) / 1024
    return Start(cpu_ms=best * 1000, memory_mb=memory)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
