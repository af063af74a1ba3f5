"""`make faults`: injects every fault of the table in its long form and prints what became of it."""

import argparse
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.figures.results import write_numbers


def main() -> int:
    """Run the tests of every row, and the state machine; return whether one failed."""
    os.environ["SIGNALBOX_FAULTS"] = "1"
    from tests.faults.report import (  # noqa: PLC0415  see above
        Recorder,
        fault_numbers,
        fault_table,
        survived,
    )
    from tests.faults.rows import ROWS  # noqa: PLC0415  the environment decides what there is

    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen, more = parser.parse_known_args()
    recorder = Recorder()
    tests = dict.fromkeys(test for row in ROWS for test in row.tests)
    options = ["-q", "-n", os.environ.get("WORKERS", "2"), "--dist", "loadfile", "--no-header"]
    status = pytest.main([*options, *more, "tests/faults", *tests], plugins=[recorder])
    console = Console(width=170)
    console.print(fault_table(ROWS, recorder))
    write_numbers(chosen.json, fault_numbers(ROWS, recorder))
    lost = [row.fault for row in ROWS if not survived(row, recorder)]
    console.print(f"{len(ROWS) - len(lost)} of {len(ROWS)} faults survived")
    return int(status) or len(lost)


if __name__ == "__main__":
    sys.exit(main())
