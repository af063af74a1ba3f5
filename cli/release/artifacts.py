"""Builds the artifacts of a release into a folder; the same commit makes the same files."""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.licenses import shipped_packages
from cli.release.archive import folder_files, zip_archive
from cli.release.bill_of_materials import bill_of_materials, validate_bill_of_materials
from cli.release.checkout import Checkout
from cli.release.packaged_template import (
    archive_settings,
    layer_names,
    layer_path,
    packaged_template,
)
from cli.release.semantic_version import SemanticVersion

RELEASE_RUNTIME: Final = "python3.13"
RELEASE_ARCHITECTURES: Final = ("arm64", "x86_64")
CHECKSUMS: Final = "SHA256SUMS"
SIGNATURE_NAMESPACE: Final = "signalbox"

_PAGES: Final[Mapping[str, str]] = {
    "LICENSE": "LICENSE",
    "README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "SECURITY.md": "SECURITY.md",
    "DEPLOY.md": "docs/deploying-a-release.md",
}
"""Files of an archive, and where they are in the repository."""
_PARAMETERS: Final = ("RetainPolicy=Retain", "DeletionProtection=true", "KeyEnvironment=live")
_GROUPS: Final = ("tokens", "schemas", "discovery", "serve", "kubernetes")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseBuild:
    """A build of a version from a checkout; `uv` is the path of the program."""

    checkout: Checkout
    version: SemanticVersion
    uv: str

    def write(self, folder: Path) -> list[Path]:
        """Write all artifacts into the folder and return them.

        Raises:
            CommandError: A program that is needed is missing or failed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._require_runtime()
        self._wheels(folder)
        for architecture in RELEASE_ARCHITECTURES:
            name = f"signalbox-{self.version}-{architecture}"
            (folder / f"{name}.zip").write_bytes(self.stack_archive(name, architecture))
        materials = json.dumps(self.materials(), indent=1, sort_keys=True)
        (folder / f"signalbox-{self.version}.cdx.json").write_text(f"{materials}\n")
        artifacts = sorted(path for path in folder.iterdir() if path.name != ".gitignore")
        (folder / CHECKSUMS).write_text(checksums(artifacts))
        return [*artifacts, folder / CHECKSUMS]

    def stack_archive(self, name: str, architecture: str) -> bytes:
        """Return the zip with the template, the functions and the layers for a processor."""
        root = self.checkout.root
        template = (root / "template.yaml").read_text()
        files = {place: (root / path).read_bytes() for place, path in _PAGES.items()}
        files |= {path: (root / path).read_bytes() for path in self.checkout.files("functions")}
        files |= self._layers(layer_names(template), architecture)
        files["template.yaml"] = packaged_template(
            template, version=self.version, runtime=RELEASE_RUNTIME, architecture=architecture
        ).encode()
        files["samconfig.toml"] = archive_settings(
            _PARAMETERS, version=self.version, runtime=RELEASE_RUNTIME, architecture=architecture
        ).encode()
        return zip_archive({f"{name}/{path}": content for path, content in files.items()})

    def materials(self) -> dict[str, object]:
        """Return the bill of materials, validated."""
        groups = [word for group in _GROUPS for word in ("--group", group)]
        options = ["--quiet", "--frozen", "--format", "cyclonedx1.5", "--no-default-groups"]
        exported = self._run([self.uv, "export", *options, *groups, "--all-packages"])
        document = bill_of_materials(
            json.loads(exported),
            shipped_packages(self.checkout.root),
            version=str(self.version),
            commit=self.checkout.commit(),
            committed_at=self.checkout.committed_at(),
        )
        validate_bill_of_materials(document)
        return dict(document)

    def _layers(self, names: Sequence[str], architecture: str) -> dict[str, bytes]:
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                self._make_layer(name, Path(folder, name), architecture)
            return {
                layer_path(name): zip_archive(folder_files(Path(folder, name))) for name in names
            }

    def _make_layer(self, name: str, folder: Path, architecture: str) -> None:
        variables = {
            "ARTIFACTS_DIR": str(folder),
            "PYTHON_RUNTIME": RELEASE_RUNTIME,
            "ARCHITECTURE": architecture,
            "UV": self.uv,
        }
        source = str(self.checkout.root / "layers" / "shared")
        self._run(["make", "--silent", "-C", source, f"build-{name}"], variables)

    def _require_runtime(self) -> None:
        """Raise unless the interpreter is there that the layers are compiled with."""
        number = RELEASE_RUNTIME.removeprefix("python")
        try:
            self._run([self.uv, "python", "find", "--no-project", number])
        except CommandError as error:
            problem = f"the layers need Python {number} to be compiled: uv python install {number}"
            raise CommandError(problem) from error

    def _wheels(self, folder: Path) -> None:
        variables = {"SOURCE_DATE_EPOCH": str(self.checkout.committed_at())}
        for package in ("signalbox", "signalbox-client"):
            options = ["--quiet", "--wheel", "--package", package, "--out-dir", str(folder)]
            self._run([self.uv, "build", *options], variables)

    def _run(self, words: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            words,
            cwd=self.checkout.root,
            env={**os.environ, **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            output = f"{done.stdout}{done.stderr}".strip()
            raise CommandError(f"{Path(words[0]).name} {words[1]} failed:\n{output}")
        return done.stdout


def checksums(artifacts: Sequence[Path]) -> str:
    """Return the lines that `sha256sum --check` reads."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in artifacts
    )


def sign(path: Path, key: str) -> Path:
    """Sign a file with an SSH key and return the signature.

    Raises:
        CommandError: ssh-keygen is missing or failed.
    """
    signature = path.with_name(f"{path.name}.sig")
    signature.unlink(missing_ok=True)
    words = ["ssh-keygen", "-Y", "sign", "-f", key, "-n", SIGNATURE_NAMESPACE, str(path)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CommandError("ssh-keygen is missing, which signs the checksums") from error
    if done.returncode:
        raise CommandError(f"ssh-keygen failed: {done.stderr.strip()}")
    return signature
