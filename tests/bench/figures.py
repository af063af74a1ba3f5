"""The figures of the bench, each next to its budget."""

import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from logging import StreamHandler
from pathlib import Path
from typing import Final

import boto3

from signalbox.models.costs import logged_bytes
from signalbox.models.prices import HTTP_API, INVOCATION, LOG_BYTE, SQS
from signalbox.runtime.telemetry import logger
from tests.bench.costs import (
    ON_DEMAND,
    PROVISIONED,
    UTILIZATION,
    compute,
    indexes_of_template,
    write_units,
)
from tests.bench.measure import Measured, function_calls, measured, start
from tests.bench.rows import PARTITIONS, Listing
from tests.bench.scenarios import Operation, Stage
from tests.bench.serve import served
from tests.bench.stub import Cloud
from tests.bench.table import Table

CPU_BUDGETS: Final[Mapping[str, float]] = {"list 50": 1.5}
"""Milliseconds."""

RATIOS: Final[Mapping[str, float]] = {"get": 2, "claim": 2, "complete": 2, "webhook 13 KB": 2}
"""How many times the CPU of a bare handler."""

CALL_BUDGETS: Final[Mapping[str, float]] = {"webhook 13 KB": 2.0}
"""One write for the task, one for the delivery."""

_COUNTED: Final = ("functions", "calls", "budget", "which")

SIZES: Final = (100, 10_000, 1_000_000)
LIST_TASKS: Final = 10_000

STARTS: Final[Mapping[str, float]] = {
    "webhook": 120,
    "API": 250,
    "dispatcher": 150,
    "connector": 180,
}
"""Milliseconds of CPU, on a machine on which boto3 and one client take 198."""

MEMORY_MB: Final = 80.0
LAYER_MB: Final = 6.0
WEBHOOK_COST: Final = 3.5

_ROOT: Final = Path(__file__).parents[2]
_BATCH: Final = 10
"""How many changes the dispatcher gets at once while there is much to do."""


def operations(times: int) -> Table:
    """CPU and calls of every operation, next to a bare handler in the same run."""
    table = Table(
        title="One request; bare is a handler that makes the same calls, for webhooks one write",
        columns=("operation", "CPU ms", "aim", "bare", "of bare", "aim", *_COUNTED),
    )
    cloud = Cloud(query=Listing(tasks=LIST_TASKS))
    with served(cloud):
        stage = Stage(cloud=cloud)
        for operation in stage.operations():
            functions = function_calls(operation)
            bare = stage.bare_hook() if operation.run == stage.hook else operation.bare()
            found = measured(operation, cloud, times)
            _add(table, operation.name, found, measured(bare, cloud, times).cpu_ms, functions)
    return table


def lists() -> Table:
    """What a page of 50 reads, however many tasks there are."""
    table = Table(
        title="A page of 50 tasks, the first and one in the middle",
        columns=("tasks", "page", "queries", "rows", "read units"),
    )
    for tasks in SIZES:
        for page, query in _pages(tasks).items():
            listing = Listing(tasks=tasks)
            with Cloud(query=listing).instead_of_aws() as cloud:
                Stage(cloud=cloud).asking("GET", f"/api/v1/tasks?{query}")()
            units = f"{listing.read_units:.1f}"
            cells = (f"{tasks:,}", page, str(listing.queries), str(listing.rows), units)
            table.add(*cells, counted=True, good=_flat(listing))
    return table


def costs(times: int) -> Table:
    """What a million verified webhooks cost, each made one task that is queued."""
    with Cloud().instead_of_aws() as cloud:
        stage = Stage(cloud=cloud)
        hook = Operation(name="webhook", run=stage.hook, prepare=stage.comment)
        found = measured(hook, cloud, times)
        way = _recorded(stage)
    parts = {
        "HTTP API": HTTP_API,
        "Lambda, the webhook": INVOCATION + compute(found.cpu_ms, found.total),
        "Lambda, the dispatcher": INVOCATION / _BATCH + compute(way.dispatch_ms, way.calls),
        "SQS, the message": SQS * way.messages,
        "Logs": LOG_BYTE * logged_bytes(way.log_bytes, 1, 1 + 1 / _BATCH),
    }
    units = {
        "DynamoDB, the task": way.task_units,
        "DynamoDB, the delivery": way.delivery_units,
        "DynamoDB, the mark that the task was sent": way.mark_units,
    }
    on_demand, provisioned = (
        parts | {part: prices.write * number for part, number in units.items()}
        for prices in (ON_DEMAND, PROVISIONED)
    )
    scaled = f"$ provisioned, used at {UTILIZATION:.0%}"
    table = Table(title="A million webhooks", columns=("part", "$ on demand", scaled, "budget"))
    for part, dollars in on_demand.items():
        table.add(part, f"{dollars:.2f}", f"{provisioned[part]:.2f}", "")
    total = sum(on_demand.values())
    totals = (f"{total:.2f}", f"{sum(provisioned.values()):.2f}")
    table.add("all", *totals, f"{WEBHOOK_COST:.2f}", good=total <= WEBHOOK_COST)
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """The way of one webhook into a queue, one of ten that are handled at a time."""

    task_units: float
    delivery_units: float
    mark_units: float
    messages: float
    calls: float
    dispatch_ms: float
    log_bytes: float


def _recorded(stage: Stage) -> _Way:
    cloud, chosen = stage.cloud, stage.wiring.settings
    indexes = indexes_of_template(
        {"TasksTable": chosen.tasks_table, "DeliveriesTable": chosen.deliveries_table}
    )
    response = io.StringIO()
    cloud.invalidate()
    with redirect_stdout(response), logging_to(response):
        for _ in range(_BATCH):
            stage.comment()
            stage.hook()
        tasks, deliveries = cloud.writes[::2], cloud.writes[1::2]
        cloud.invalidate()
        started = time.process_time()
        stage.dispatch(*(task.after or {} for task in tasks))
        dispatch_ms = (time.process_time() - started) * 1000
    assert any(call.startswith("Send") for call in cloud.calls), "no message was sent"
    return _Way(
        task_units=write_units(tasks, indexes) / _BATCH,
        delivery_units=write_units(deliveries, indexes) / _BATCH,
        mark_units=write_units(cloud.writes, indexes) / _BATCH,
        messages=sum(n for call, n in cloud.calls.items() if call.startswith("Send")) / _BATCH,
        calls=sum(cloud.calls.values()) / _BATCH,
        dispatch_ms=dispatch_ms / _BATCH,
        log_bytes=len(response.getvalue().encode()) / _BATCH,
    )


@contextmanager
def logging_to(response: io.StringIO) -> Iterator[None]:
    """Lets the functions log there: they keep the standard output that they started with."""
    [handler] = logger().handlers
    assert isinstance(handler, StreamHandler)
    before = handler.setStream(response)
    try:
        yield
    finally:
        handler.setStream(before)


def starts(built: Path, variables: Mapping[str, str]) -> Table:
    """What a function's start takes over that of the interpreter, with what Lambda has alone."""
    table = Table(
        title="Start of a function",
        columns=("function", "CPU ms over bare", "aim", "resident MB", "budget"),
    )
    path = f"{built / 'python'}:{_runtime(built.parent)}"
    environment = {**variables, "PYTHONPATH": path}
    bare = start("pass", environment)
    modules = {
        "boto3 and one client": "boto3; boto3.client('dynamodb')",
        "webhook": "functions.webhooks.github.app",
        "API": "functions.api.app",
        "dispatcher": "functions.dispatcher.app",
        "connector": "functions.connectors.slack.app",
    }
    for name, module in modules.items():
        found = start(f"import {module}", environment)
        over = found.cpu_ms - bare.cpu_ms
        budget = STARTS.get(name)
        good = (not budget or over <= budget) and found.memory_mb <= MEMORY_MB
        memory = (f"{found.memory_mb:.0f}", f"{MEMORY_MB:g}")
        table.add(name, f"{over:.0f}", _or_none(budget), *memory, good=good)
    return table


def layer(built: Path) -> Table:
    """How large the layer is."""
    packed = built.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(built.rglob("*")):
            archive.write(path, path.relative_to(built))
    megabytes = packed.stat().st_size / 1_000_000
    table = Table(title="The layer", columns=("", "MB", "budget"))
    table.add("zipped", f"{megabytes:.2f}", f"{LAYER_MB:.0f}", good=megabytes <= LAYER_MB)
    return table


@contextmanager
def building() -> Iterator[Path]:
    """The layer as SAM builds it, for this interpreter."""
    with tempfile.TemporaryDirectory() as directory:
        built = Path(directory) / "layer"
        built.mkdir()
        make = ["make", "-C", str(_ROOT / "layers" / "shared"), "build-SharedLayer"]
        given = [f"ARTIFACTS_DIR={built}", f"LOCAL_PYTHON={sys.executable}"]
        uv = f"UV={os.environ.get('UV', 'uv')}"
        subprocess.run([*make, *given, uv], check=True, capture_output=True)  # noqa: S603  ours
        yield built


def _runtime(directory: Path) -> Path:
    """What Lambda itself brings along, and none of what only tests need."""
    made = directory / "runtime"
    made.mkdir(exist_ok=True)
    packages = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"):
        if not (made / name).exists():
            (made / name).symlink_to(packages / name)
    return made


def _add(table: Table, name: str, found: Measured, bare_ms: float, functions: int) -> None:
    cpu, ratio, calls = CPU_BUDGETS.get(name), RATIOS.get(name), CALL_BUDGETS.get(name)
    which = ", ".join(f"{number:.3g} {call}" for call, number in found.calls.items())
    kept = not calls or found.total <= calls
    of_bare = found.cpu_ms / bare_ms
    table.add(
        name,
        f"{found.cpu_ms:.2f}",
        _or_none(cpu),
        f"{bare_ms:.2f}",
        f"{of_bare:.1f}",
        _or_none(ratio),
        f"{functions:,}",
        f"{found.total:.3g}",
        _or_none(calls),
        which,
        counted=not kept,
        good=kept and (not cpu or found.cpu_ms <= cpu) and (not ratio or of_bare <= ratio),
    )


def _pages(tasks: int) -> dict[str, str]:
    """A page that everybody asks for, and one that nobody has in its cache."""
    middle = Listing(tasks=tasks).middle
    return {"first": "", "middle": f"until={middle}"}


def _flat(listing: Listing) -> bool:
    """Whether each partition was asked once, for no more than a page."""
    return listing.queries <= PARTITIONS and listing.rows <= PARTITIONS * 51


def _or_none(budget: float | None) -> str:
    return f"{budget:g}" if budget else ""
