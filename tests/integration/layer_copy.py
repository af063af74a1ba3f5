"""The shared layer as it is built, from the packages of this environment instead of an index."""

import os
import shutil
import subprocess
from importlib.metadata import distribution
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

_LAYER: Final = Path(__file__).parents[2] / "layers" / "shared"


def copied_layer(directory: Path) -> Path:
    """Return the folder of the packages of the layer, made in this directory from sources."""
    packages = directory / "python"
    shutil.copytree(_LAYER / "signalbox", packages / "signalbox")
    copy_requirements("requirements", packages)
    subprocess.run(  # noqa: S603  our own Makefile
        ["make", "--silent", "-C", str(_LAYER), "prune"],  # noqa: S607  as everybody builds it
        env={**os.environ, "ARTIFACTS_DIR": str(directory)},
        check=True,
    )
    return packages


def copy_requirements(name: str, packages: Path) -> None:
    """Copy the packages that a layer installs on this system."""
    for line in (_LAYER / f"{name}.txt").read_text().splitlines():
        package, pinned, _ = line.partition("==")
        if pinned and "sys_platform == 'win32'" not in line:
            copy_distribution(package, packages)


def copy_distribution(name: str, packages: Path) -> None:
    """Copy the files of an installed package without its commands, and the bytecode that it has."""
    for file in distribution(name).files or ():
        if ".." in file.parts:
            continue
        source, target = Path(str(file.locate())), packages / file
        _copy(source, target)
        if source.suffix == ".py" and Path(cache_from_source(source)).exists():
            _copy(Path(cache_from_source(source)), Path(cache_from_source(target)))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
