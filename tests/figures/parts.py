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


def _module_part(name: str, module: str, *options: str, command: str, minutes: float) -> Part:
    """Return the measurement by a module that writes its numbers with `--json FILE`."""
    words = ("-m", module, *options, "--json", "{json}")
    return Part(name=name, command=command, words=words, minutes=minutes)


PARTS: Final[Sequence[Part]] = (
    _module_part(
        "load",
        "tests.bench.load",
        "--seconds=20",
        command="make load ARGS='--seconds 20'",
        minutes=4,
    ),
    _module_part(
        "instances",
        "tests.bench.gateway.endure",
        "--seconds=60",
        command="make load PART=gateway ARGS='--seconds 60'",
        minutes=3,
    ),
    *(
        _module_part(
            name,
            f"tests.figures.{name}",
            command=f"make figures ARGS='--part {name}'",
            minutes=4,
        )
        for name in ("webhooks", "authentication")
    ),
    _module_part("connectors", "tests.soak", command="make soak", minutes=5),
    _module_part("faults", "tests.faults", command="make faults", minutes=12),
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
