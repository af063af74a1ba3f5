"""The script that draws diagrams, from npm, so that the site does not load it from a CDN."""

import base64
import hashlib
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from cli.errors import CommandError

MERMAID_VERSION: Final = "12.3.0"
MERMAID_INTEGRITY: Final = (
    "sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmi"
    "NAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="
)
_SCRIPT: Final = "package/dist/mermaid.min.js"


def mermaid_script(folder: Path) -> bytes:
    """Return the script; its package is downloaded into the folder unless it is there.

    Raises:
        CommandError: npm is missing or cannot download it, or the package has another checksum.
    """
    package = folder / f"mermaid-{MERMAID_VERSION}.tgz"
    if not package.exists():
        _download(folder)
    content = package.read_bytes()
    checksum = f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"
    if checksum != MERMAID_INTEGRITY:
        package.unlink()
        raise CommandError(f"{package.name} has the checksum {checksum}")
    with tarfile.open(package) as files:
        script = files.extractfile(_SCRIPT)
        if script is None:
            raise CommandError(f"{package.name} has no {_SCRIPT}")
        return script.read()


def _download(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    words = ["npm", "pack", "--silent", "--ignore-scripts", f"mermaid@{MERMAID_VERSION}"]
    try:
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CommandError("the diagrams of the site need mermaid, by npm of Node.js") from error
