"""`make figures`: measure what docs/figures.md shows, and write it.

The result of each part is kept in .signalbox/figures, so that a run that was interrupted goes on
where it was. A part is measured again for another commit, or if it is named.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from cli.target import PROJECT
from tests.figures.page import PartResult, figures_page, this_machine
from tests.figures.parts import PARTS, Part

CONSOLE: Final = Console(width=110, highlight=False)
PAGE: Final = PROJECT / "docs" / "figures.md"
RESULTS: Final = PROJECT / ".signalbox" / "figures"


def measure(parts: Sequence[Part], folder: Path, commit: str, *, again: bool) -> list[str]:
    """Measure parts one after the other; return the names of those that have no result."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for part in parts:
        known = read_result(folder, part)
        if known and known.commit == commit and not again:
            CONSOLE.print(f"{part.name}: measured at {known.date}")
            continue
        CONSOLE.print(f"{part.name}: {part.command}")
        started = time.monotonic()
        if _measured(part, folder, commit):
            CONSOLE.print(f"{part.name}: {time.monotonic() - started:.0f} s")
        else:
            CONSOLE.print(f"{part.name}: no figures, see {folder / part.name}.log")
            failed.append(part.name)
    return failed


def read_result(folder: Path, part: Part) -> PartResult | None:
    """Return the result of a part, if it was measured."""
    path = folder / f"{part.name}.json"
    return PartResult(**json.loads(path.read_text())) if path.exists() else None


def _measured(part: Part, folder: Path, commit: str) -> bool:
    """Run a part and keep its numbers, also those of one that missed its aim."""
    numbers = folder / f"{part.name}.numbers.json"
    numbers.unlink(missing_ok=True)
    code = part.run(numbers, folder / f"{part.name}.log")
    if not numbers.exists():
        return False
    if code:
        CONSOLE.print(f"{part.name}: exit code {code}, see {folder / part.name}.log")
    result = PartResult(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=this_machine(),
        commit=commit,
        numbers=json.loads(numbers.read_text()),
    )
    kept = folder / f"{part.name}.json"
    kept.with_suffix(".new").write_text(json.dumps(asdict(result)))
    kept.with_suffix(".new").rename(kept)
    return True


def _commit() -> str:
    words = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(  # noqa: S603  git of the machine
        words, cwd=PROJECT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def main() -> int:
    """Write the page; return how many parts have no figures."""
    parser = argparse.ArgumentParser(prog="make figures", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("--part", action="append", choices=names, help="measure this one again")
    parser.add_argument("--again", action="store_true", help="measure all of them again")
    chosen = parser.parse_args()
    parts = [part for part in PARTS if not chosen.part or part.name in chosen.part]
    failed = measure(parts, RESULTS, _commit(), again=chosen.again or bool(chosen.part))
    results = {part.name: result for part in PARTS if (result := read_result(RESULTS, part))}
    PAGE.write_text(figures_page(results))
    CONSOLE.print(str(PAGE.relative_to(PROJECT)))
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
