"""`make partitions`: which partition of a table throttles first, and at how many webhooks a second.

The lives of some hundred webhooks of one source, with one connection and one worker, are recorded
over the real stores, in simulated time. What each partition key of a table or an index takes of a
webhook, times the rate, is held against what DynamoDB gives one partition.
"""

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from rich.console import Console

from tests.bench.__main__ import environment
from tests.bench.costs import Index, write_units
from tests.bench.life import RecordedLife
from tests.bench.stub import Cloud, Json, Write
from tests.bench.table import Table

WRITE_LIMIT: Final = 1_000
"""Write units a second of one partition,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html."""

RATES: Final = (1_000, 10_000)
_LIVES: Final = 200
_SHOWN: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionLoad:
    """The write units that one webhook costs a partition key, on average."""

    key: str
    units: float

    @property
    def limit(self) -> float:
        """How many webhooks a second the partition takes."""
        return WRITE_LIMIT / self.units


def partition_loads(lives: int = _LIVES, *, shared_by: int = 2) -> list[PartitionLoad]:
    """Return the load of every partition key that so many webhooks write to at least."""
    units: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    with Cloud().instead_of_aws() as cloud:
        life = RecordedLife(cloud)
        for _ in range(lives):
            writes: list[Write] = []
            for _step in life.steps():
                writes += cloud.writes
            found = _units(writes, life.indexes)
            units.update(found)
            touched.update(found.keys())
    return sorted(
        (
            PartitionLoad(key=key, units=total / lives)
            for key, total in units.items()
            if touched[key] >= shared_by
        ),
        key=lambda load: (-load.units, load.key),
    )


def _units(writes: Sequence[Write], indexes: Mapping[str, Sequence[Index]]) -> Counter[str]:
    units: Counter[str] = Counter()
    for write in writes:
        table = write.table.rpartition("-")[2]
        for image in (write.after or write.before,):
            units[f"{table} {_text(image, 'pk')}"] += write_units([write], {})
        for index in indexes.get(write.table, ()):
            _add_index(units, f"{table}.{index.name}", index, write)
    return units


def _add_index(units: Counter[str], name: str, index: Index, write: Write) -> None:
    """Add what a write costs in an index: a moved entry is taken from one place, put in another."""
    partition = index.keys[0]
    images = [image for image in (write.before, write.after) if image and partition in image]
    cost = index.units(write)
    if cost and images:
        moved = cost == 2 * len({_text(image, index.keys[1]) for image in images}) or (
            len({_text(image, partition) for image in images}) == 2
        )
        shares = images if moved and len(images) == 2 else images[-1:]
        for image in shares:
            units[f"{name} {_text(image, partition)}"] += cost // len(shares)


def _text(image: Json | None, name: str) -> str:
    value = cast("Mapping[str, Mapping[str, str]]", image or {}).get(name, {})
    return value.get("S", "")


def partitions_table(loads: Sequence[PartitionLoad]) -> Table:
    """Return the hottest partitions, and how much of one each needs at each rate."""
    table = Table(
        title=f"Hottest partitions of {WRITE_LIMIT:,} write units a second, one source and worker",
        columns=("partition", "units a webhook", *(f"at {rate:,}/s" for rate in RATES), "most/s"),
    )
    for load in loads[:_SHOWN]:
        shares = (f"{load.units * rate / WRITE_LIMIT:.0%}" for rate in RATES)
        good = load.limit >= RATES[0]
        table.add(load.key, f"{load.units:.2f}", *shares, f"{load.limit:,.0f}", good=good)
    return table


def main() -> int:
    """Print the table."""
    with environment(), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        loads = partition_loads()
    Console(width=110).print(partitions_table(loads).drawn())
    return 0


if __name__ == "__main__":
    sys.exit(main())
