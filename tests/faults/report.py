"""The table of `make faults`: each fault, what happened, and what was lost or doubled."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from rich.table import Table

from tests.faults.rows import FaultRow
from tests.figures.results import Numbers

_COUNTS: Final = ("tasks_lost", "tasks_doubled", "notifications_lost", "notifications_doubled")
_MAX_TEXT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case of a test. `counts` is what it counted, or None if it asserts without counting."""

    passed: bool
    happened: str = ""
    counts: Mapping[str, int] | None = None


@dataclass(kw_only=True)
class Recorder:
    """A plugin of pytest that keeps the results of all cases, by their test."""

    results: dict[str, list[CaseResult]] = field(default_factory=lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of a case that was called, or that could not be."""
        if report.when != "call" and report.passed:
            return
        properties = dict(report.user_properties)
        counts = properties.get("counts")
        self.results[report.nodeid.partition("[")[0]].append(
            CaseResult(
                passed=report.passed,
                happened=str(properties.get("happened", "")),
                counts=counts if isinstance(counts, dict) else None,
            )
        )

    def of(self, row: FaultRow) -> Sequence[CaseResult]:
        """Return the results of the cases of a row."""
        return [
            result
            for test, results in self.results.items()
            for result in results
            if any(test == name or test.startswith(f"{name}::") for name in row.tests)
        ]


def fault_table(rows: Sequence[FaultRow], recorder: Recorder) -> Table:
    """Return the table for a terminal. A dot is a zero that the tests assert but do not count."""
    table = Table(title="Faults", title_justify="left", show_lines=False)
    for name in ("", "fault", "cases", "survived", "what happened in the last counted case"):
        table.add_column(name)
    for name in _COUNTS:
        table.add_column(name.replace("_", "\n"), justify="right")
    for row in rows:
        table.add_row(*_cells(row, recorder.of(row)))
    return table


def fault_numbers(rows: Sequence[FaultRow], recorder: Recorder) -> Numbers:
    """Return how many faults were survived, and what was lost or doubled in all cases."""
    results = [result for listed in recorder.results.values() for result in listed]
    counts = {
        name.replace("_", " "): sum((result.counts or {}).get(name, 0) for result in results)
        for name in _COUNTS
    }
    return {
        "faults": len(rows),
        "survived": sum(survived(row, recorder) for row in rows),
        "cases": len(results),
        "passed": sum(result.passed for result in results),
        **counts,
    }


def survived(row: FaultRow, recorder: Recorder) -> bool:
    """Return whether the row has cases and all of them passed."""
    results = recorder.of(row)
    return bool(results) and all(result.passed for result in results)


def _cells(row: FaultRow, results: Sequence[CaseResult]) -> tuple[str, ...]:
    passed = sum(result.passed for result in results)
    counted = [result for result in results if result.counts is not None]
    happened = next((result.happened for result in reversed(results) if result.happened), "")
    answer = "yes" if results and passed == len(results) else f"NO: {len(results) - passed}"
    counts = [
        str(sum((result.counts or {}).get(name, 0) for result in counted)) if counted else "·"
        for name in _COUNTS
    ]
    return str(row.number), row.fault, str(len(results)), answer, happened[:_MAX_TEXT], *counts
