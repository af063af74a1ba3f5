"""`make drill`: fill a stack, back it up, delete all of it, restore it, and compare the items."""

import argparse
import os
import sys

from rich.console import Console
from rich.table import Table

from tests.drill.run import DrillFigures, run_drill


def main() -> int:
    """Print the figures; return 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=20)
    chosen = parser.parse_args()
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    figures = run_drill(chosen.webhooks)
    console = Console(width=100)
    console.print(drill_table(figures))
    console.print(
        f"{figures.bytes:,} bytes; backed up in {figures.backup_seconds:.1f} s, "
        f"restored in {figures.restore_seconds:.1f} s of CPU"
    )
    console.print(
        f"after the restore {figures.messages:,} messages were sent, "
        f"{figures.finished:,} of {figures.tasks:,} tasks finished, and "
        f"{figures.delivered:,} of {figures.notifications:,} notifications arrived, "
        f"{figures.doubled:,} of them twice"
    )
    console.print("\n".join(figures.losses) or "nothing lost")
    return 1 if figures.losses else 0


def drill_table(figures: DrillFigures) -> Table:
    """Return what became of each part, for a terminal."""
    table = Table(title="Entries by part", title_justify="left")
    table.add_column("part")
    for name in ("backed up", "restored", "the same", "different", "missing"):
        table.add_column(name, justify="right")
    for part, (written, restored, same, different, missing) in figures.parts.items():
        table.add_row(
            part, *(f"{each:,}" for each in (written, restored, same, different, missing))
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
