"""What is run from a checkout works whatever the folder is called."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
ODD: Final = "a folder, it's (odd) & $HOME"
UV: Final = """#!/bin/sh
printf '%s\\n' "$0" "$@" >> "$UV_ARGUMENTS"
"""


def odd_folder(base: Path) -> Path:
    made = base / ODD
    made.mkdir()
    return made


@pytest.mark.parametrize("layer", ["SharedLayer", "TokensLayer", "SchemasLayer", "DiscoveryLayer"])
def test_a_layer_is_built_by_and_into_any_path(tmp_path: Path, layer: str) -> None:
    folder = odd_folder(tmp_path)
    uv, arguments = folder / "uv", tmp_path / "arguments"
    uv.write_text(UV)
    uv.chmod(0o755)
    packages = folder / "built" / "python"
    packages.mkdir(parents=True)
    (packages / "six.py").write_text("VALUE = 1\n")
    paths = {"ARTIFACTS_DIR": str(packages.parent), "UV": str(uv), "LOCAL_PYTHON": sys.executable}

    subprocess.run(  # noqa: S603  ours
        ["/usr/bin/env", "make", "--silent", "-C", str(ROOT / "layers/shared"), f"build-{layer}"],
        env={**os.environ, **paths, "UV_ARGUMENTS": str(arguments)},
        check=True,
        capture_output=True,
    )

    response = arguments.read_text().splitlines()
    assert (response[0], response[response.index("--target") + 1]) == (str(uv), str(packages))
    assert response[response.index("--python") + 1] == sys.executable
    assert [path.name for path in packages.glob("six*")] == ["six.pyc"]


@pytest.mark.parametrize("target", ["bench", "deploy"])
def test_uv_is_found_from_any_folder(tmp_path: Path, target: str) -> None:
    folder = odd_folder(tmp_path)
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / ".." / ".synced").touch()
    for name in ("uv", "python"):
        (binaries / name).write_text('#!/bin/sh\nprintf "%s" "$UV"\n')
        (binaries / name).chmod(0o755)
    (folder / "clients/python").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "uv.lock", "clients/python/pyproject.toml"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
        os.utime(folder / name, (0, 0))

    done = subprocess.run(  # noqa: S603  ours
        ["/usr/bin/env", "make", "--silent", target],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        check=True,
        capture_output=True,
        text=True,
    )

    assert Path(done.stdout) == binaries / "uv"
