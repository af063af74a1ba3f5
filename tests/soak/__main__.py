"""`make soak`: 10,000 notifications with faults in a tenth of the calls, in simulated time."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.figures.results import Numbers, write_numbers
from tests.soak.run import CONNECTIONS, ConnectionFigures, Soak, failures
from tests.soak.targets import DEDUPLICATES


def main() -> int:
    """Print the progress and the figures; return how many success criteria were missed."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--notifications", type=int, default=10_000)
    parser.add_argument("--share", type=float, default=0.1, help="of the calls that fail")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    console = Console(width=120)
    started = time.process_time()
    soak = Soak(
        tasks=chosen.notifications // len(CONNECTIONS),
        share=chosen.share,
        seed=chosen.seed,
        progress=console.print,
    )
    figures = soak.run()
    console.print(soak_table(figures))
    faults = soak.targets.injected + soak.faults
    calls = sum(soak.targets.calls.values())
    console.print(f"{calls:,} calls; faults: {dict(sorted(faults.items()))}")
    console.print(f"{time.process_time() - started:.0f} s of CPU")
    write_numbers(chosen.json, soak_numbers(figures, chosen.share))
    missed = failures(figures)
    console.print("\n".join(missed) or "nothing lost, nothing doubled where the target can tell")
    return len(missed)


def soak_numbers(figures: dict[str, ConnectionFigures], share: float) -> Numbers:
    """Return the figures of all connections; doubled are those where the target can tell."""
    total = sum(each.notifications for each in figures.values())
    return {
        "notifications": total,
        "share of faults": share,
        "delivered": sum(each.delivered for each in figures.values()) / total,
        "lost": sum(each.lost for each in figures.values()),
        "doubled": sum(each.doubled for name, each in figures.items() if name in DEDUPLICATES),
    }


def soak_table(figures: dict[str, ConnectionFigures]) -> Table:
    """Return the figures of each connection for a terminal."""
    table = Table(title="Notifications by connection", title_justify="left")
    heads = ("connection", "recognises repeats", "sent", "delivered", "lost", "doubled", "attempts")
    for name in (*heads, "p50 s", "p99 s"):
        table.add_column(name, justify="left" if name == "connection" else "right")
    for name, each in figures.items():
        table.add_row(
            name,
            "yes" if name in DEDUPLICATES else "no",
            f"{each.notifications:,}",
            f"{100 * each.delivered / each.notifications:.2f} %",
            str(each.lost),
            str(each.doubled),
            f"{each.attempts / each.notifications:.3f}",
            f"{each.p50:.0f}",
            f"{each.p99:.0f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
