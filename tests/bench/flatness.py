"""What a claim, maintenance and the metrics call and read, however many tasks there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from signalbox.runtime.maintenance import maintenance
from tests.bench.figures import SIZES
from tests.bench.rows import Listing
from tests.bench.scenarios import Stage
from tests.bench.stub import Cloud
from tests.bench.table import Table
from tests.fakes.context import FakeContext

_PAGE: Final = 50
_MOST_ROWS: Final = 600
"""The oldest waiting task of each priority is looked for among 500, read in pages of shards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What one operation called and read."""

    calls: int
    rows: int
    read_units: float


def reads(tasks: int, operation: str) -> Reads:
    """Return what an operation calls and reads where there are so many tasks."""
    listing = Listing(tasks=tasks)
    with Cloud(query=listing).instead_of_aws() as cloud:
        prepare, run = _operations(Stage(cloud=cloud))[operation]
        prepare()
        cloud.invalidate()
        listing.rows, listing.read_units = 0, 0.0
        run()
        calls = cloud.calls.total()
    return Reads(calls=calls, rows=listing.rows, read_units=listing.read_units)


def flatness() -> Table:
    """Return what each operation calls and reads for each number of tasks."""
    table = Table(
        title="Claim, maintenance and metrics, by the number of tasks",
        columns=("operation", "tasks", "calls", "rows", "read units"),
    )
    for operation in ("claim", "maintenance", "metrics"):
        by_size = {tasks: reads(tasks, operation) for tasks in SIZES}
        most_calls = by_size[SIZES[0]].calls + _MOST_ROWS // _PAGE
        for tasks, found in by_size.items():
            good = found.rows <= _MOST_ROWS and found.calls <= most_calls
            cells = (f"{tasks:,}", str(found.calls), str(found.rows), f"{found.read_units:.1f}")
            table.add(operation, *cells, counted=True, good=good)
    return table


def _operations(stage: Stage) -> Mapping[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return what prepares each operation, and what runs it."""
    claim = next(each for each in stage.operations() if each.name == "claim")
    run = maintenance(stage.wiring)
    return {
        "claim": (claim.prepare, claim.run),
        "maintenance": (lambda: None, lambda: run({}, FakeContext(stage.clock))),
        "metrics": (lambda: None, stage.asking("GET", "/api/v1/metrics")),
    }
