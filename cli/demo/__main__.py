"""Record `signalbox demo` as the picture of the README: python -m cli.demo FILE."""

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

_FIRST_STEP: Final = re.compile(r"^ 1  ", re.MULTILINE)
_TITLE: Final = re.compile(r"^ ?\d+  \S.*|^All \d+ steps.*")
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+")
_PROMPT: Final = "$ make demo"
_COLUMNS: Final = 104


def recorded_svg(output: str) -> str:
    """Return the output of the demo as a picture of a terminal, from the first step on.

    Raises:
        ValueError: There is no first step.
    """
    first = _FIRST_STEP.search(output)
    if first is None:
        raise ValueError("the demo did not begin")
    console = Console(record=True, width=_COLUMNS, file=io.StringIO())
    console.print(Text(_PROMPT, style="bold green"))
    for line in _ADDRESS.sub("http://localhost", output[first.start() :]).splitlines():
        console.print(Text(line, style="bold" if _TITLE.match(line) else ""))
    return console.export_svg(title="Signalbox", theme=MONOKAI, unique_id="demo")


def main(file: Path) -> int:
    """Run the demo, write its recording, and return its exit code."""
    demo = subprocess.run(
        [sys.executable, "-m", "cli", "demo"], stdout=subprocess.PIPE, text=True, check=False
    )
    if demo.returncode == 0:
        file.write_text(recorded_svg(demo.stdout.partition("\nStopped.")[0]))
    return demo.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
