"""What make installs, and does not remove again."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
UV: Final = "#!/bin/sh\nprintf '%s ' \"$@\" > uv-arguments\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is older than its lock file, with a uv that does nothing."""
    binaries = tmp_path / ".venv/bin"
    binaries.mkdir(parents=True)
    (binaries / "uv").write_text(UV)
    (binaries / "uv").chmod(0o755)
    (tmp_path / ".venv/.synced").touch()
    os.utime(tmp_path / ".venv/.synced", (0, 0))
    (tmp_path / "clients/python").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "uv.lock", "clients/python/pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def sync(checkout: Path) -> str:
    subprocess.run(
        ["/usr/bin/env", "make", "--silent", ".venv/.synced"],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        check=True,
        capture_output=True,
    )
    return (checkout / "uv-arguments").read_text()


def test_what_drives_a_browser_stays_installed(checkout: Path) -> None:
    (checkout / ".venv/bin/playwright").touch()

    arguments = sync(checkout)

    assert "sync" in arguments
    assert "--group browser" in arguments


def test_what_drives_a_browser_is_not_installed_for_other_targets(checkout: Path) -> None:
    arguments = sync(checkout)

    assert "sync" in arguments
    assert "browser" not in arguments
