"""The core reads of the local stack, with warm functions."""

import time
from statistics import quantiles
from typing import Final

import requests

from cli.locate import find
from cli.target import Target
from signalbox.auth.keys import new_key
from signalbox.runtime.wiring import now
from tests.bench.table import Table

BUDGET_MS: Final = 100.0
_TIMES: Final = 100


def core_reads() -> Table:
    """The 95th percentile of each, in milliseconds; the local stack must be up."""
    stack = find(Target())
    made = new_key(
        stack.outputs.key_environment,
        name="bench",
        roles=("admin",),
        scopes=(),
        created_by="bench",
        now=now(),
    )
    stack.keys.put(made.stored)
    table = Table(title="The local stack", columns=("read", "p50 ms", "p95 ms", "budget"))
    with requests.Session() as session:
        session.headers["X-API-Key"] = made.text
        url = f"{stack.base_url}/api/v1/tasks"
        task = session.post(url, json={"title": "Bench"}, timeout=30).json()["id"]
        reads = {"get": f"{url}/{task}", "list 50": url, "queue": f"{stack.base_url}/api/v1/queue"}
        for name, address in reads.items():
            taken = [_milliseconds(session, address) for _ in range(_TIMES + 10)][10:]
            marks = quantiles(taken, n=20)
            good = marks[-1] <= BUDGET_MS
            table.add(name, f"{marks[9]:.0f}", f"{marks[-1]:.0f}", f"{BUDGET_MS:.0f}", good=good)
    return table


def _milliseconds(session: requests.Session, address: str) -> float:
    started = time.perf_counter()
    session.get(address, timeout=30).raise_for_status()
    return (time.perf_counter() - started) * 1000
