"""docs/figures.md, made of the results of all parts."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.figures.parts import PARTS
from tests.figures.rows import ROWS, FigureRow

NOT_MEASURED: Final = "not measured"
_MODEL: Final = re.compile(r"^model name\s*: (.+)$", re.MULTILINE)
_MEMORY: Final = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)
_INTRODUCTION: Final = """\
# Figures

What this version does, beside what it is to do. `make figures` measures and writes this page, and
each command prints more than the figure. All of it runs on one machine: functions are processes
behind a small HTTP server, and AWS is a stand-in without its latency. The figures compare versions
of the code, and do not predict those of a region; what AWS costs is in
[operations](operations.md#costs).

| | aim | figure | kept | measured | command |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """What a part measured, when, where, and of which commit."""

    date: str
    machine: str
    commit: str
    numbers: Mapping[str, Any]


def figures_page(results: Mapping[str, PartResult]) -> str:
    """Return the page; rows of parts without a result have no figure."""
    rows = "".join(_row(row, results.get(row.part)) for row in ROWS)
    places = sorted({(result.machine, result.commit) for result in results.values()})
    lines = "".join(f"- {machine}; commit `{commit[:12]}`\n" for machine, commit in places)
    return f"{_INTRODUCTION}{rows}\nMeasured on:\n\n{lines}" if lines else _INTRODUCTION + rows


def this_machine() -> str:
    """Return what the figures depend on: processor, cores, memory, interpreter."""
    model = _found(_MODEL, Path("/proc/cpuinfo")) or platform.machine()
    kilobytes = _found(_MEMORY, Path("/proc/meminfo"))
    memory = f", {int(kilobytes) / 1024**2:.0f} GB" if kilobytes else ""
    python = platform.python_version()
    return f"{model}, {os.cpu_count()} cores{memory}, {platform.system()}, Python {python}"


def _row(row: FigureRow, result: PartResult | None) -> str:
    command = next(part.command for part in PARTS if part.name == row.part)
    if result is None:
        cells = (NOT_MEASURED, "", "")
    else:
        kept = "" if not row.aim else "yes" if row.good(result.numbers) else "**no**"
        cells = (row.shown(result.numbers), kept, result.date)
    return f"| {row.title} | {row.aim} | {' | '.join(cells)} | `{command}` |\n"


def _found(pattern: re.Pattern[str], path: Path) -> str:
    found = pattern.search(path.read_text()) if path.exists() else None
    return found[1].strip() if found else ""
