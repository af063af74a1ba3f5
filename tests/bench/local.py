"""The core reads of the local stack, with warm functions."""

import os
import time
from pathlib import Path
from statistics import quantiles
from typing import Final

import requests

from cli.locate import find_stack
from cli.stack import Stack
from cli.target import DEFAULT_HOME, Target
from signalbox.auth.api_keys import new_key
from signalbox.services.ports.time import utc_now
from tests.bench.table import Table

BUDGET_MS: Final = 100.0
_TIMES: Final = 80
_WARM_UP: Final = 10


def core_reads() -> Table:
    """The 95th percentile of each, in milliseconds; the local stack must be up."""
    stack = find_stack(Target(home=Path(os.environ.get("SIGNALBOX_HOME", DEFAULT_HOME))))
    url = f"{stack.base_url}/api/v1"
    task = _caller(stack).post(f"{url}/tasks", json={"title": "Bench"}, timeout=30).json()["id"]
    reads = {"get": f"{url}/tasks/{task}", "list 50": f"{url}/tasks", "queue": f"{url}/queue"}
    table = Table(title="The local stack", columns=("read", "p50 ms", "p95 ms", "budget"))
    for name, address in reads.items():
        caller = _caller(stack)
        taken = [_milliseconds(caller, address) for _ in range(_WARM_UP + _TIMES)][_WARM_UP:]
        marks = quantiles(taken, n=20)
        good = marks[-1] <= BUDGET_MS
        table.add(name, f"{marks[9]:.0f}", f"{marks[-1]:.0f}", f"{BUDGET_MS:.0f}", good=good)
    return table


def _caller(stack: Stack) -> requests.Session:
    """Somebody new, whose limit nobody has used."""
    made = new_key(
        stack.outputs.key_environment,
        name="bench",
        roles=("admin",),
        scopes=(),
        created_by="bench",
        now=utc_now(),
    )
    stack.keys.put(made.stored)
    session = requests.Session()
    session.headers["X-API-Key"] = made.text
    return session


def _milliseconds(session: requests.Session, address: str) -> float:
    started = time.perf_counter()
    session.get(address, timeout=30).raise_for_status()
    return (time.perf_counter() - started) * 1000
