"""Runs a tutorial: its blocks in order, as one script, against a local stack."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.pages import DOCS, Block, blocks_in

_PATIENCE: Final = 120.0
TUTORIALS: Final = sorted((DOCS / "tutorials").glob("*.md"))


def script_of(page: Path) -> str:
    """The script of a page. It ends at the first command that fails."""
    return "\n".join(("set -eo pipefail", *map(_step, blocks_in(page.read_text(), page))))


def _step(block: Block) -> str:
    match block.language, block.labels:
        case "sh", "":
            return block.text
        case "sh", "setup":  # a test prepares the same in its own way
            return ""
        case "yaml", name if name:
            return f"cat > {name} <<'END_OF_BLOCK'\n{block.text}END_OF_BLOCK"
        case _:
            raise AssertionError(f"{block} is neither shell nor a file with a name")


def run_tutorial(
    page: Path, directory: Path, environment: Mapping[str, str], origins: Mapping[str, str]
) -> str:
    """What the commands of a page print; `origins` has what takes the place of addresses.

    Fails if one of the commands does, or if they do not end.
    """
    script = script_of(page)
    for shown, actual in origins.items():
        script = script.replace(shown, actual)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (directory / "printed.txt").open("w+") as printed:
        try:
            done = subprocess.run(  # noqa: S603  of our own pages
                ["bash", "-xc", script],  # noqa: S607  of the machine
                cwd=directory,
                env={**os.environ, **environment, "PATH": programs},
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE,
                check=False,
            )
            code: int | None = done.returncode
        except subprocess.TimeoutExpired:
            code = None
        printed.seek(0)
        text = printed.read()
    assert code == 0, text
    return text
