"""`make bench`: what Signalbox costs, in CPU, in calls, in dollars, next to its budgets."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from rich.console import Console

from tests.bench import figures
from tests.bench.deliveries import deliveries
from tests.bench.flatness import flatness
from tests.bench.gateway.calls import lambda_table
from tests.bench.gateway.compare import gateway_tables
from tests.bench.local import core_reads
from tests.bench.notifications import notifications_table
from tests.integration.aws import deployed


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The environment of a function, with names that nobody answers to."""
    with deployed() as stack:
        made = stack.environment("ApiFunction")
    os.environ.update(made)
    yield made


def main() -> int:
    """Prints every figure; how many budgets that can be counted were missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--local", action="store_true", help="measure the local stack too")
    parser.add_argument("--no-layer", action="store_true", help="do not build the layer")
    parser.add_argument("--times", type=int, default=300, help="requests of each kind")
    chosen = parser.parse_args()
    console = Console(width=110)
    with environment() as variables, Path(os.devnull).open("w") as nowhere:
        with redirect_stdout(nowhere):
            tables = [
                figures.operations(chosen.times),
                figures.lists(),
                flatness(),
                figures.costs(chosen.times),
                notifications_table(),
                deliveries(),
                lambda_table(chosen.times),
                *gateway_tables(chosen.times),
            ]
            if not chosen.no_layer:
                with figures.building() as built:
                    tables += [figures.starts(built, variables), figures.layer(built)]
        if chosen.local:
            tables.append(core_reads())
    for table in tables:
        console.print(table.drawn())
    return sum(table.missed for table in tables)


if __name__ == "__main__":
    sys.exit(main())
