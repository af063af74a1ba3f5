"""The Python interpreter of the functions: clean but for the AWS SDK, as on Lambda."""

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

_SDK = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")


def base_python() -> Path:
    """Return the interpreter from which the current virtual environment was created."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = Path(sys.base_prefix, "bin", version)
    return found if found.exists() else Path(sys.base_prefix, "bin", "python3")


def make_clean_interpreter(home: Path) -> Path:
    """Return a virtual environment with the SDK of our lock file and nothing else."""
    made = home / "bin" / "python"
    command = [str(base_python()), "-m", "venv", "--clear", "--without-pip"]
    subprocess.run([*command, home], check=True, capture_output=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = home / "lib" / version / "site-packages"
    for name in _SDK:
        for source in _top_level(name):
            (packages / source.name).symlink_to(source)
    return made


def _top_level(name: str) -> set[Path]:
    """Return what a distribution installs into site-packages, including its metadata."""
    package = distribution(name)
    first = {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "bin")}
    return {Path(str(package.locate_file(part))).resolve() for part in first - {"__pycache__"}}
