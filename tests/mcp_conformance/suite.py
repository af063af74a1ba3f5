"""Run the official conformance tests and read their results."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, TypeAdapter

_SECONDS: Final = 300
_SCENARIO: Final = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")


class Check(BaseModel):
    """A check of a scenario. Its status is SUCCESS, FAILURE, WARNING, SKIPPED or INFO."""

    scenario: str = ""
    id: str
    status: str
    errorMessage: str = ""  # noqa: N815  as the suite writes it

    @property
    def name(self) -> str:
        """Return the scenario and the check."""
        return f"{self.scenario}/{self.id}"

    @property
    def failed(self) -> bool:
        """Return whether the server does not do what it must or should."""
        return self.status in {"FAILURE", "WARNING"}


_CHECKS: Final = TypeAdapter(list[Check])


def run_suite(installed: Path, url: str, revision: str, results: Path) -> list[Check]:
    """Return the checks of all scenarios that a revision of the specification requires.

    Args:
        installed: The directory in which npm has installed the suite.
        url: The endpoint.
        revision: The revision, such as `2026-07-28`.
        results: An empty directory.

    Raises:
        RuntimeError: There are no results; the message is what the suite printed.
    """
    modules = installed / "node_modules"
    program = modules / "@modelcontextprotocol/conformance/dist/index.js"
    options = ["--url", url, "--requirements", revision, "--output-dir", str(results)]
    done = subprocess.run(  # noqa: S603  the suite that is pinned
        [modules / ".bin/node", program, "server", *options],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    checks = list(_read_checks(results))
    if not checks:
        raise RuntimeError(f"no results: {done.stdout}{done.stderr}")
    return checks


def _read_checks(results: Path) -> Iterator[Check]:
    for path in sorted(results.rglob("checks.json")):
        named = _SCENARIO.fullmatch(path.parent.name)
        if named is None:
            raise RuntimeError(f"{path.parent.name} does not name a scenario")
        for check in _CHECKS.validate_json(path.read_bytes()):
            yield check.model_copy(update={"scenario": named[1]})
