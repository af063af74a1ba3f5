"""docs/figures.md has every figure with a command that exists, and `make figures` can go on."""

import re
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from cli.target import PROJECT
from tests.bench.gateway.endure import endured_numbers
from tests.bench.gateway.load import Answers
from tests.bench.load import Load, load_numbers
from tests.faults.report import CaseResult, Recorder, fault_numbers
from tests.faults.rows import FaultRow
from tests.figures.__main__ import measure, read_result
from tests.figures.page import NOT_MEASURED, PartResult, figures_page, this_machine
from tests.figures.parts import PARTS, Part
from tests.figures.rows import COVERAGE, ROWS
from tests.figures.webhooks import webhook_numbers
from tests.soak.__main__ import soak_numbers
from tests.soak.run import ConnectionFigures

PAGE: Final = (PROJECT / "docs" / "figures.md").read_text()


def numbers_of_all_parts() -> dict[str, Mapping[str, Any]]:
    """What each part writes, by the functions that make it, of a small measurement."""
    load = Load(seconds=1.0, cpu_seconds=0.5, latencies=[2.0] * 1_200, memory=[(0.5, 70.0)])
    row = FaultRow(number=1, fault="a crash", tests=("tests/a.py::test_a",))
    counts = {"tasks_lost": 0, "notifications_lost": 0}
    recorder = Recorder()
    recorder.results["tests/a.py::test_a"].append(CaseResult(passed=True, counts=counts))
    slack = ConnectionFigures(
        notifications=100, delivered=100, lost=0, doubled=0, attempts=110, p50=1, p99=2
    )
    return {
        "load": {name: load_numbers(load) for name in ("bare", "webhook", "get")},
        "instances": endured_numbers(Answers(seconds=[0.01] * 999, failed=1)),
        "webhooks": webhook_numbers(50, share=0.3, seed=1),
        "authentication": {"requests": 8, "valid accepted": 1.0, "invalid refused": 1.0},
        "connectors": soak_numbers({"slack-bot": slack}, 0.1),
        "faults": fault_numbers([row], recorder),
        "coverage": {"totals": {"percent_covered": 91.25}},
    }


NUMBERS: Final = numbers_of_all_parts()


def results(**changes: Mapping[str, Any]) -> dict[str, PartResult]:
    return {
        name: PartResult(date="2026-12-01", machine="a machine", commit="c" * 40, numbers=numbers)
        for name, numbers in (NUMBERS | changes).items()
    }


def a_part(words: tuple[str, ...], name: str = "a", minutes: float = 1) -> Part:
    return Part(name=name, command=f"make {name}", words=words, minutes=minutes)


def writing(text: str) -> tuple[str, ...]:
    """A program that writes this into the file for its numbers."""
    return ("-c", "import sys; open(sys.argv[1], 'w').write(sys.argv[2])", "{json}", text)


def test_the_page_has_the_rows_and_the_commands_that_it_would_have_now() -> None:
    def fixed(page: str) -> list[list[str]]:
        rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
        return [[row[0], row[1], row[-1]] for row in rows]

    assert fixed(PAGE) == fixed(figures_page(results()))
    assert PAGE.partition("\n|")[0] == figures_page({}).partition("\n|")[0]


def test_every_command_of_the_page_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text()

    for part in PARTS:
        make, target, *_ = part.command.split()
        flag, module, *_ = part.words
        assert (make, flag) == ("make", "-m")
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE), part.command
        assert find_spec(module), part.name


def test_every_part_has_a_row_and_every_row_a_part() -> None:
    assert {row.part for row in ROWS} == {part.name for part in PARTS}


def test_a_page_shows_each_figure_and_whether_it_keeps_its_aim() -> None:
    page = figures_page(results(coverage={"totals": {"percent_covered": 89.0}}))

    assert "| < 10 ms | 2.0 ms | yes | 2026-12-01 | `make load" in page
    assert "| ≥ 90% | 89.0% | **no** | 2026-12-01 | `make test` |" in page
    assert "- a machine; commit `cccccccccccc`\n" in page
    assert page.count("**no**") == 1


def test_a_part_without_a_result_is_shown_as_not_measured() -> None:
    page = figures_page({})

    assert page.count(NOT_MEASURED) == len(ROWS)


def test_the_aim_of_coverage_is_what_the_tests_fail_under() -> None:
    assert f"fail_under = {COVERAGE:g}\n" in (PROJECT / "pyproject.toml").read_text()


def test_a_result_is_kept_and_not_measured_again_for_the_same_commit(tmp_path: Path) -> None:
    assert measure([a_part(writing('{"n": 1}'))], tmp_path, "one", again=False) == []

    other = a_part(writing('{"n": 2}'))
    measure([other], tmp_path, "one", again=False)

    assert (kept := read_result(tmp_path, other))
    assert (kept.numbers, kept.commit, kept.machine) == ({"n": 1}, "one", this_machine())


@pytest.mark.parametrize(("commit", "again"), [("two", False), ("one", True)])
def test_another_commit_or_a_part_that_is_named_is_measured_again(
    tmp_path: Path, commit: str, *, again: bool
) -> None:
    measure([a_part(writing('{"n": 1}'))], tmp_path, "one", again=False)

    other = a_part(writing('{"n": 2}'))
    measure([other], tmp_path, commit, again=again)

    assert (kept := read_result(tmp_path, other))
    assert kept.numbers == {"n": 2}


def test_a_part_that_fails_keeps_its_last_result_and_stops_no_other(tmp_path: Path) -> None:
    measure([a_part(writing('{"n": 1}'))], tmp_path, "one", again=False)
    failing = a_part(("-c", "raise SystemExit('no way')"))

    failed = measure([failing, a_part(writing("{}"), "b")], tmp_path, "two", again=False)

    assert failed == ["a"]
    assert (kept := read_result(tmp_path, failing))
    assert kept.numbers == {"n": 1}
    assert "no way" in (tmp_path / "a.log").read_text()
    assert (tmp_path / "b.json").exists()


def test_a_part_that_misses_its_aim_has_figures_all_the_same(tmp_path: Path) -> None:
    code = "import sys; open(sys.argv[1], 'w').write('{}'); sys.exit(1)"

    failed = measure([a_part(("-c", code, "{json}"))], tmp_path, "one", again=False)

    assert failed == []


def test_a_part_that_takes_too_long_is_stopped_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time; child = subprocess.Popen(['sleep', '60']);"
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(60)"
    )
    child, log = tmp_path / "child", tmp_path / "log"

    assert a_part(("-c", code, "{json}"), minutes=0.02).run(child, log) == 1

    assert "stopped after" in log.read_text()
    until = time.monotonic() + 5
    while _runs(int(child.read_text())) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _runs(int(child.read_text()))


def _runs(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(") ")[2][:1] != "Z"


def test_webhooks_with_faults_are_stored_once_each() -> None:
    numbers = webhook_numbers(200, share=0.1, seed=2)

    assert numbers["stored at once"] < 1
    assert (numbers["stored"], numbers["lost"], numbers["doubled"]) == (1, 0, 0)


def test_webhooks_that_no_send_gets_through_are_counted_as_not_stored() -> None:
    numbers = webhook_numbers(200, share=1.0, seed=1)

    assert numbers["stored at once"] < 0.5
    assert numbers["stored"] < 1
    assert numbers["doubled"] == 0
