"""The measurements of `make figures`, each a program of its own that writes its numbers."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.target import PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A measurement.

    Attributes:
        name: What `--part` names it by.
        command: How a person makes it alone.
        words: The program with its arguments, after the interpreter; `{json}` is the file.
        minutes: After which it is stopped.
    """

    name: str
    command: str
    words: tuple[str, ...]
    minutes: float

    def run(self, result: Path, log: Path) -> int:
        """Run it with its children, write what it prints into the log, return its exit code."""
        words = [word.replace("{json}", str(result)) for word in self.words]
        with (
            log.open("w") as output,
            subprocess.Popen(  # noqa: S603  our own
                [sys.executable, *words],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                return process.wait(self.minutes * 60)
            except subprocess.TimeoutExpired:
                output.write(f"stopped after {self.minutes} minutes\n")
                return 1
            finally:
                _stop_all(process.pid)


PARTS: Final[Sequence[Part]] = (
    Part(
        name="load",
        command="make load ARGS='--seconds 20'",
        words=("-m", "tests.bench.load", "--seconds", "20", "--json", "{json}"),
        minutes=4,
    ),
    Part(
        name="instances",
        command="make load PART=gateway ARGS='--seconds 60'",
        words=("-m", "tests.bench.gateway.endure", "--seconds", "60", "--json", "{json}"),
        minutes=3,
    ),
    Part(
        name="webhooks",
        command="make figures ARGS='--part webhooks'",
        words=("-m", "tests.figures.webhooks", "--json", "{json}"),
        minutes=4,
    ),
    Part(
        name="authentication",
        command="make figures ARGS='--part authentication'",
        words=("-m", "tests.figures.authentication", "--json", "{json}"),
        minutes=4,
    ),
    Part(
        name="connectors",
        command="make soak",
        words=("-m", "tests.soak", "--json", "{json}"),
        minutes=5,
    ),
    Part(
        name="faults",
        command="make faults",
        words=("-m", "tests.faults", "--json", "{json}"),
        minutes=12,
    ),
    Part(
        name="coverage",
        command="make test",
        words=(
            *("-m", "pytest", "-n", "auto", "--dist", "worksteal"),
            *("--cov", "--cov-report=json:{json}"),
        ),
        minutes=15,
    ),
)


def _stop_all(group: int) -> None:
    """Stop what is left of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
