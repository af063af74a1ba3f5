"""What a checkout has: its commit, tags and files."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.release.checks import ReleaseState
from cli.release.semantic_version import SemanticVersion
from signalbox.runtime.version import VERSION

_CHECKED: Final = Path(".signalbox", "checked-commit")
_LAYER: Final = "layers/shared/signalbox"
"""The folder is copied into the layer as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout of the repository."""

    root: Path

    def state(self, version: SemanticVersion) -> ReleaseState:
        """Return what the checks of a release look at."""
        store = self.root / "tests" / "fixtures" / "stores" / f"{version}.jsonl.gz"
        changes = self._git("status", "--porcelain").splitlines()
        return ReleaseState(
            code_version=VERSION,
            changes=(*(line[3:] for line in changes), *self._ignored_files(_LAYER)),
            tags=tuple(self._git("tag", "--list", "v*").split()),
            changelog=(self.root / "CHANGELOG.md").read_text(),
            has_store=store.exists(),
        )

    def commit(self) -> str:
        """Return the hash of the commit."""
        return self._git("rev-parse", "HEAD").strip()

    def committed_at(self) -> int:
        """Return the time of the commit, in seconds."""
        return int(self._git("show", "--no-patch", "--format=%ct", "HEAD"))

    def files(self, folder: str) -> list[str]:
        """Return the files of a folder that are in git, by their paths in the checkout."""
        return [name for name in self._git("ls-files", "-z", "--", folder).split("\0") if name]

    def signing_key(self) -> str:
        """Return the SSH key that git signs with, or nothing."""
        if self._git("config", "--default", "", "--get", "gpg.format").strip() != "ssh":
            return ""
        key = self._git("config", "--type=path", "--default", "", "--get", "user.signingkey")
        return key.strip()

    def tag(self, version: SemanticVersion, message: str) -> None:
        """Make an annotated tag."""
        self._git("tag", "--annotate", "--cleanup=verbatim", version.tag, "--message", message)

    def is_checked(self) -> bool:
        """Return whether checks and tests have passed for the commit."""
        path = self.root / _CHECKED
        return path.exists() and path.read_text().strip() == self.commit()

    def mark_checked(self, commit: str) -> None:
        """Record that checks and tests have passed for a commit."""
        path = self.root / _CHECKED
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{commit}\n")

    def _ignored_files(self, folder: str) -> list[str]:
        """Return the files of a folder that git ignores, without those that Python compiled."""
        options = ("--others", "--ignored", "--exclude-standard", "-z")
        names = self._git("ls-files", *options, "--", folder).split("\0")
        return [name for name in names if name and "__pycache__" not in name]

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandError(f"git {words[0]} failed: {done.stderr.strip()}")
        return done.stdout
